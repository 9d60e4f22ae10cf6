package datarun

import "strings"

const (
	certificatePlace = "certificate id"
	certificateRoot  = "1.2.156.3005.2" // GB/T 36904
	vendorRoot       = "1.2.156.3003.2" // what some issuers write instead
	maxCertificateID = 128              // certificate_identifier of the directory record
)

// CertificateID is the identifier of an electronic certificate (电子证照标识, GB/T 36904): the parts between its dots.
type CertificateID struct {
	Root    string // "1.2.156.3005.2"
	Type    string // 证照类型代码: credit code of the authority that defined the type, and 3 digits
	Issuer  string // 颁发机构代码: credit code, or division code in land registration; empty when the id has none
	Serial  string // 流水号
	Version string // 版本号: 001 to 999
	Check   string // 校验位
}

// String joins the parts: exactly the text that was read.
func (c CertificateID) String() string {
	parts := []string{c.Root, c.Type, c.Issuer, c.Serial, c.Version, c.Check}
	if c.Issuer == "" {
		parts = append(parts[:2], parts[3:]...)
	}
	return strings.Join(parts, ".")
}

// CertificateFlaw is a set of what is wrong with a certificate id that can be read all the same. Ids with flaws are in
// use: the issuer has to put them right, so they are kept as they came and flagged.
type CertificateFlaw uint16

// The flaws.
const (
	FlawCheck      CertificateFlaw = 1 << iota // the check character does not match, or is not one character
	FlawRootSummed                             // with FlawCheck: it matches when the root is summed too, as some vendors do
	FlawCharacter                              // a part has something other than digits and capital letters
	FlawRoot                                   // the root is 1.2.156.3003.2
	FlawNoIssuer                               // the issuer is missing
	FlawType                                   // the type is not a credit code and 3 digits
	FlawIssuer                                 // the issuer is neither a credit code nor 6 digits
	FlawVersion                                // the version is not 001 to 999
)

var flawTexts = [...]string{
	"check character does not match",
	"check character was made over the root too",
	"a part has something other than digits and capital letters",
	"root is not " + certificateRoot,
	"issuer is missing",
	"type is not a credit code and 3 digits",
	"issuer is neither a credit code nor 6 digits",
	"version is not 001 to 999",
}

// String lists the flaws in words, "" for none.
func (f CertificateFlaw) String() string {
	var texts []string
	for i, text := range flawTexts {
		if f&(1<<i) != 0 {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, "; ")
}

// CertificateCheck returns the check character (GB/T 17710, MOD 37,36) for type, issuer, serial and version written
// together without dots, or 0 when body is empty or not all digits and capital letters.
func CertificateCheck[T codeText](body T) byte {
	if len(body) == 0 {
		return 0
	}
	p := mod3736Start
	for i := range len(body) {
		if alphanumericIndex[body[i]] < 0 {
			return 0
		}
		p = mod3736(p, body[i])
	}
	return mod3736Check(p)
}

const mod3736Start = 36

// mod3736 takes one alphanumeric more into the running product.
func mod3736(p int, c byte) int {
	if p += int(alphanumericIndex[c]); p > 36 { // p mod 36, with 36 for 0
		p -= 36
	}
	if p *= 2; p > 36 { // p mod 37
		p -= 37
	}
	return p
}

func mod3736Check(p int) byte { return alphanumerics[(37-p)%36] }

// NewCertificateID makes an id of its parts and the check character. The error is Invalid when a part breaks a rule.
func NewCertificateID(typeCode, issuer, serial, version string) (CertificateID, error) {
	c := CertificateID{Root: certificateRoot, Type: typeCode, Issuer: issuer, Serial: serial, Version: version, Check: "?"}
	if check := CertificateCheck(typeCode + issuer + serial + version); check != 0 {
		c.Check = string(rune(check))
	}
	return ParseCertificateID(c.String())
}

// ParseCertificateID reads an id and holds it to the standard. ReadCertificateID is for ids that others made.
func ParseCertificateID(id string) (CertificateID, error) {
	if err := checkCertificate(id); err != nil {
		return CertificateID{}, err
	}
	c, _, err := ReadCertificateID(id)
	return c, err
}

// ReadCertificateID reads an id as it is found in the wild and says what is wrong with it. Nothing is put right: String
// gives back what was read. The error is Invalid when there are no parts to be told apart.
func ReadCertificateID(id string) (CertificateID, CertificateFlaw, error) {
	var p certificateParts
	if err := splitCertificate(id, &p); err != nil {
		return CertificateID{}, 0, err
	}
	c := CertificateID{Root: id[:len(certificateRoot)], Type: p.of(id, partType), Serial: p.of(id, partSerial), Version: p.of(id, partVersion), Check: p.of(id, partCheck)}
	if p[partIssuer].to > 0 {
		c.Issuer = p.of(id, partIssuer)
	}
	return c, certificateFlaws(id, &p), nil
}

func checkCertificate[T codeText](v T) error {
	var p certificateParts
	if err := splitCertificate(v, &p); err != nil {
		return err
	}
	if flaws := certificateFlaws(v, &p); flaws != 0 {
		return Errorf(Invalid, certificatePlace, "%s", flaws.String())
	}
	return nil
}
