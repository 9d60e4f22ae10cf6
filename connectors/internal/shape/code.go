package shape

import "datarun"

// systems are the code systems that samples are tried against, the most telling first.
var systems = [...]datarun.CodeSystem{datarun.CertificateNo, datarun.CreditCode, datarun.ResidentID, datarun.OrgCode, datarun.Division}

func validCode(system datarun.CodeSystem, text string) bool {
	return datarun.ValidateCode(system, text) == nil
}
