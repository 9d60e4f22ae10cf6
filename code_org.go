package datarun

const orgPlace = "organisation code"

var orgWeights = [8]int{3, 7, 9, 10, 5, 8, 4, 2}

// OrgCodeCheck returns the check character for the first 8 characters of an organisation code (组织机构代码, GB 11714),
// or 0 when body is not 8 digits and capital letters.
func OrgCodeCheck[T codeText](body T) byte {
	if len(body) != 8 || orgBody(body, 0) >= 0 {
		return 0
	}
	return orgCheck(body, 0)
}

// orgBody returns the index of the first wrong byte of the 8 from i on, or -1.
func orgBody[T codeText](v T, i int) int {
	for j := i; j < i+8; j++ {
		if alphanumericIndex[v[j]] < 0 {
			return j
		}
	}
	return -1
}

// orgCheck works on the 8 alphanumerics from i on.
func orgCheck[T codeText](v T, i int) byte {
	sum := 0
	for j, w := range orgWeights {
		sum += int(alphanumericIndex[v[i+j]]) * w
	}
	switch c := 11 - sum%11; c {
	case 10:
		return 'X'
	case 11:
		return '0'
	default:
		return '0' + byte(c)
	}
}

func checkOrgCode[T codeText](v T) error {
	if len(v) != 9 && len(v) != 10 {
		return Errorf(Invalid, orgPlace, "%d bytes long; want 9 characters, or 10 with a hyphen", len(v))
	}
	if i := orgBody(v, 0); i >= 0 {
		return Errorf(Invalid, orgPlace, "position %d: want a digit or a capital letter", i+1)
	}
	if len(v) == 10 && v[8] != '-' {
		return Errorf(Invalid, orgPlace, "position 9: want a hyphen")
	}
	if v[len(v)-1] != orgCheck(v, 0) {
		return Errorf(Invalid, orgPlace, "position %d: check character does not match", len(v))
	}
	return nil
}

// ParseOrgCode validates an organisation code, with or without the hyphen, and returns its 9 characters without it.
func ParseOrgCode(code string) (string, error) {
	if err := checkOrgCode(code); err != nil {
		return "", err
	}
	return code[:8] + code[len(code)-1:], nil
}
