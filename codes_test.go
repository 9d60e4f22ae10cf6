package datarun

import (
	"strings"
	"testing"
)

// codeVectors are published samples and synthetic fixtures; no living person's number is among them.
var codeVectors = []struct {
	system CodeSystem
	value  string
	want   string // part of the error, "" when valid
}{
	{ResidentID, "11010519491231002X", ""}, // GB 11643 appendix
	{ResidentID, "440524188001010014", ""},
	{ResidentID, "360426199101010071", ""},
	{ResidentID, "120103198806018241", ""},
	{ResidentID, "53010219200508011X", ""},
	{ResidentID, "420704188001010016", ""},
	{ResidentID, "42070218850615002X", ""},
	{ResidentID, "421200187809091238", ""},
	{ResidentID, "42020018881231888X", ""},
	{ResidentID, "420704188001010032", ""},
	{ResidentID, "420704188001010059", ""},
	{ResidentID, "360426199101010072", "position 18: check character does not match"},
	{ResidentID, "110105195001010014", "position 18: check character does not match"},
	{ResidentID, "11010519491231002x", "position 18: want a digit or a capital X"},
	{ResidentID, "110105194912310021", "position 18: check character"},
	{ResidentID, "", "0 bytes long"},
	{ResidentID, "110105491231002", "15-digit"},
	{ResidentID, "11010549123100", "14 bytes long"},
	{ResidentID, "11010519491231002X ", "19 bytes long"},
	{ResidentID, "1101051949123100２X", "20 bytes long"},
	{ResidentID, "1101O519491231002X", "position 5: want a digit"},
	{ResidentID, "99010519491231002X", "positions 1-2: no such province"},
	{ResidentID, "16010519491231002X", "positions 1-2: no such province"},
	{ResidentID, "110105194902290028", "positions 7-14: date does not exist"},
	{ResidentID, "110105190002290028", "positions 7-14: date does not exist"},
	{ResidentID, "110105194913310028", "positions 7-14: date does not exist"},
	{ResidentID, "110105194900310028", "positions 7-14: date does not exist"},
	{ResidentID, "110105194901000028", "positions 7-14: date does not exist"},
	{ResidentID, "110105179912310028", "positions 7-14: date is before 1800"},
	{ResidentID, "110105999912310028", "positions 7-14: date is in the future"},

	{CreditCode, "91350100M000100Y43", ""}, // GB 32100 appendix B
	{CreditCode, "91110000600037341L", ""},
	{CreditCode, "91440300708461136T", ""},
	{CreditCode, "11100000000013338W", ""},
	{CreditCode, "11100000MB03271699", ""},
	{CreditCode, "11430000006122244L", ""},
	{CreditCode, "11220000013544541J", ""},
	{CreditCode, "11110000000021135M", ""},
	{CreditCode, "11420700009999017F", ""},
	{CreditCode, "11420700009999025A", ""},
	{CreditCode, "114207000099990335", ""},
	{CreditCode, "91420700MA9999X13J", ""},
	{CreditCode, "91420704MA9999X217", ""},
	{CreditCode, "92420702MA9999X3XY", ""},
	{CreditCode, "91440300708461136X", "position 18: check character does not match"},
	{CreditCode, "91440300708461137T", "position 17: check character of the organisation code"},
	{CreditCode, "94440300708461136T", "positions 1-2: no such"},
	{CreditCode, "91A40300708461136T", "position 3: want a digit"},
	{CreditCode, "9144030070846113ST", "position 17: want a digit or a capital letter other than"},
	{CreditCode, "91440300708461136t", "position 18: want a digit or a capital letter other than"},
	{CreditCode, "91440300708461136", "17 bytes long"},
	{CreditCode, "", "0 bytes long"},

	{OrgCode, "D2143569-X", ""}, // GB 11714 appendix
	{OrgCode, "D2143569X", ""},
	{OrgCode, "59467239-9", ""},
	{OrgCode, "MA1FL0LY-9", ""},
	{OrgCode, "12345678-8", ""},
	{OrgCode, "87654321-0", ""},
	{OrgCode, "M000100Y4", ""},
	{OrgCode, "D2143569-1", "position 10: check character does not match"},
	{OrgCode, "D21435691", "position 9: check character does not match"},
	{OrgCode, "D2143569 X", "position 9: want a hyphen"},
	{OrgCode, "d2143569-X", "position 1: want a digit or a capital letter"},
	{OrgCode, "D214356-9X", "position 8: want a digit or a capital letter"},
	{OrgCode, "D2143569", "8 bytes long"},

	{Division, "420000", ""},
	{Division, "420100", ""},
	{Division, "420200", ""},
	{Division, "420300", ""},
	{Division, "420500", ""},
	{Division, "420700", ""},
	{Division, "420702", ""},
	{Division, "420703", ""},
	{Division, "420704", ""},
	{Division, "421200", ""},
	{Division, "429000", ""},
	{Division, "431300", ""},
	{Division, "110103", ""}, // 崇文区, retired in 2010
	{Division, "710000", ""},
	{Division, "420799", "not in the table"},
	{Division, "990000", "not in the table"},
	{Division, "000000", "not in the table"},
	{Division, "42070", "5 bytes long"},
	{Division, "420704000", "9 bytes long"},
	{Division, "42070x", "position 6: want a digit"},

	{CertificateNo, "1.2.156.3005.2.11100000000013338W002.11320482014138860P.201807250201.001.M", ""},
	{CertificateNo, "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U", ""},
	{CertificateNo, "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9", ""},
	{CertificateNo, "1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.0", ""},
	{CertificateNo, "1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F", ""},
	{CertificateNo, "1.2.156.3005.2.11100000000013338W032.11420700009999017F.2025000001.001.Y", ""},
	{CertificateNo, "1.2.156.3005.2.11100000000013338W032.11420700009999017F.2025000001.002.W", ""},
	{CertificateNo, "1.2.156.3005.2.11100000000013338W032.11420700009999017F.2025000001.002.Y", "check character does not match"},
	{CertificateNo, "1.2.156.3005.2.11100000000013661B006.113700000045046442.209FA4E88F9E4C878F3E9BED2CE7EA49.001.M", "check character does not match"},
	{CertificateNo, "1.2.156.3005.2.062301.1101101102.0624_001.001.U", "other than digits and capital letters; type is not"},
	{CertificateNo, "1.2.156.3003.2.11100000000013338W032.11420700009999017F.2025000001.001.Y", "root is not 1.2.156.3005.2"},
	{CertificateNo, "1.2.156.3005.2.11100000000013338W032.2025000001.001.X", "issuer is missing"},
	{CertificateNo, "1.2.156.3005.2.11100000000013338W032.11420700009999017F.2025000001.000.X", "version is not"},
	{CertificateNo, "1.2.156.3005.2.11100000000013338W032.11420700009999017F.2025000001.001", "issuer is missing"},
	{CertificateNo, "1.2.156.3005.2.11100000000013338W032.11420700009999017F..001.Y", "none empty"},
	{CertificateNo, "1.2.156.3005.2.A.B.C.D.E.F", "want type, issuer"},
	{CertificateNo, "1.2.156.3005.2.", "want type, issuer"},
	{CertificateNo, "1.2.156.3005.2", "does not begin with"},
	{CertificateNo, "", "does not begin with"},
	{CertificateNo, "1.2.156.3005.2." + strings.Repeat("0", 200), "215 bytes long"},

	{"postcode", "436000", "not a code system"},
}

func TestValidateCode(t *testing.T) {
	for _, tt := range codeVectors {
		t.Run(string(tt.system)+"/"+tt.value, func(t *testing.T) {
			checkVerdict(t, ValidateCode(tt.system, tt.value), tt.want, tt.value)
			checkVerdict(t, ValidateCode(tt.system, []byte(tt.value)), tt.want, tt.value)
		})
	}
}

func checkVerdict(t *testing.T, err error, want, value string) {
	t.Helper()
	switch {
	case err == nil && want == "":
	case err == nil:
		t.Fatalf("no error, want one with %q", want)
	case want == "" || !strings.Contains(err.Error(), want):
		t.Fatalf("error %q, want one with %q", err, want)
	case KindOf(err) != Invalid:
		t.Errorf("kind %v, want invalid", KindOf(err))
	case len(value) > 2 && value != certificateRoot && strings.Contains(err.Error(), value):
		t.Errorf("error %q contains the value", err)
	}
}

func TestValidateCodeAllocatesNothing(t *testing.T) {
	for _, tt := range codeVectors {
		if tt.want != "" {
			continue
		}
		value := []byte(tt.value)
		n := testing.AllocsPerRun(20, func() {
			if ValidateCode(tt.system, value) != nil || ValidateCode(tt.system, tt.value) != nil {
				t.Fatal("refused")
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", tt.system, n)
		}
	}
}

func TestCheckCharacters(t *testing.T) {
	for _, tt := range codeVectors {
		v := tt.value
		if tt.want != "" {
			continue
		}
		var got, want byte
		switch body := v[:len(v)-1]; tt.system {
		case ResidentID:
			got, want = ResidentIDCheck(body), v[17]
		case CreditCode:
			got, want = CreditCodeCheck(body), v[17]
		case OrgCode:
			got, want = OrgCodeCheck(v[:8]), v[len(v)-1]
		case CertificateNo:
			got, want = CertificateCheck(strings.ReplaceAll(body[len(certificateRoot):], ".", "")), v[len(v)-1]
		}
		if got != want {
			t.Errorf("%s %s: check character %c", tt.system, v, got)
		}
	}
	for name, got := range map[string]byte{
		"resident short":   ResidentIDCheck("1101051949123100"),
		"resident letter":  ResidentIDCheck("1101051949123100A"),
		"credit letter":    CreditCodeCheck("91350100M000100I4"),
		"credit long":      CreditCodeCheck("91350100M000100Y43"),
		"org lower case":   OrgCodeCheck("d2143569"),
		"certificate dot":  CertificateCheck("A.B"),
		"certificate none": CertificateCheck(""),
	} {
		if got != 0 {
			t.Errorf("%s: check character %c, want none", name, got)
		}
	}
}

func TestCodeSystemValidate(t *testing.T) {
	for _, s := range []CodeSystem{"", ResidentID, CreditCode, OrgCode, Division, CertificateNo} {
		if err := s.Validate(); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
	if err := CodeSystem("postcode").Validate(); KindOf(err) != Invalid {
		t.Errorf("unknown system: %v", err)
	}
}

func BenchmarkValidateCode(b *testing.B) {
	for _, v := range []struct {
		system CodeSystem
		value  string
	}{
		{ResidentID, "11010519491231002X"}, {CreditCode, "91350100M000100Y43"}, {OrgCode, "D2143569-X"}, {Division, "420704"},
		{CertificateNo, "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U"},
	} {
		b.Run(string(v.system), func(b *testing.B) {
			value := []byte(v.value)
			b.ReportAllocs()
			for b.Loop() {
				if err := ValidateCode(v.system, value); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
