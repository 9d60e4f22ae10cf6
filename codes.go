package datarun

// codeText is what a code can be held in. The checks index it byte by byte, so that neither form is copied.
type codeText interface{ ~string | ~[]byte }

// ValidateCode reports whether value is a code of the system, as the standard writes it: no spaces, capital letters. The
// error is Invalid, says which position or rule failed and contains neither the value nor the check character that
// would have fitted. A valid value costs no allocation. It does not ask anybody whether the code was ever given out.
func ValidateCode[T codeText](system CodeSystem, value T) error {
	switch system {
	case ResidentID:
		return checkResidentID(value)
	case CreditCode:
		return checkCreditCode(value)
	case OrgCode:
		return checkOrgCode(value)
	case Division:
		return checkDivision(value)
	case CertificateNo:
		return checkCertificate(value)
	}
	return Errorf(Invalid, "code", "%q is not a code system", string(system))
}

// Validate reports an Invalid error when the system is not one of the constants. Empty, no system, is fine.
func (s CodeSystem) Validate() error {
	switch s {
	case "", ResidentID, CreditCode, OrgCode, Division, CertificateNo:
		return nil
	}
	return Errorf(Invalid, "code", "%q is not a code system", string(s))
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// digitsOnly returns the index of the first byte of v[from:to] that is no digit, or -1.
func digitsOnly[T codeText](v T, from, to int) int {
	for i := from; i < to; i++ {
		if !isDigit(v[i]) {
			return i
		}
	}
	return -1
}

// number reads the digits v[from:to].
func number[T codeText](v T, from, to int) int {
	n := 0
	for i := from; i < to; i++ {
		n = n*10 + int(v[i]-'0')
	}
	return n
}

// alphabetIndex maps a byte to its place in an alphabet, -1 when it is not there.
type alphabetIndex [256]int8

func indexOf(alphabet string) *alphabetIndex {
	var x alphabetIndex
	for i := range x {
		x[i] = -1
	}
	for i := range len(alphabet) {
		x[alphabet[i]] = int8(i)
	}
	return &x
}

// alphanumerics is the alphabet of GB 11714 and GB/T 17710 (MOD 37,36).
const alphanumerics = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

var alphanumericIndex = indexOf(alphanumerics)
