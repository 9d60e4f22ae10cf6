package datarun

import (
	"strings"
	"testing"
	"time"
)

func TestParseResidentID(t *testing.T) {
	got, err := ParseResidentID("11010519491231002X")
	if want := (ResidentIDParts{"110105", "1949-12-31", Female}); err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	got, err = ParseResidentID("440524188001010014")
	if want := (ResidentIDParts{"440524", "1880-01-01", Male}); err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if _, err = ParseResidentID("110105491231002"); KindOf(err) != Invalid {
		t.Errorf("15 digits: %v", err)
	}
}

func TestResidentIDBirthAgainstToday(t *testing.T) {
	today := time.Now().In(China)
	for days, valid := range map[int]bool{-1: true, 0: true, 2: false, 400: false} {
		body := "420704" + today.AddDate(0, 0, days).Format("20060102") + "001"
		err := ValidateCode(ResidentID, body+string(rune(ResidentIDCheck(body))))
		if (err == nil) != valid {
			t.Errorf("born %d days from today: %v", days, err)
		}
	}
}

func TestUpgradeResidentID(t *testing.T) {
	tests := []struct{ in, want, fault string }{
		{"110105491231002", "11010519491231002X", ""},
		{"420704800101001", "420704198001010016", ""},
		{"420704000229001", "", "date does not exist"}, // 1900 was no leap year
		{"420704801301001", "", "positions 7-12"},
		{"420704800101996", "", "positions 13-15"},
		{"990105491231002", "", "positions 1-2"},
		{"11010549123100X", "", "position 15: want a digit"},
		{"11010519491231002X", "", "18 bytes long"},
	}
	for _, tt := range tests {
		got, err := UpgradeResidentID(tt.in)
		if tt.fault == "" && ValidateCode(ResidentID, got) != nil {
			t.Errorf("%s: the result is not valid", tt.in)
		}
		if got[:min(len(got), 17)] != tt.want[:min(len(tt.want), 17)] {
			t.Errorf("%s: got %q, want %q", tt.in, got, tt.want)
		}
		checkVerdict(t, err, tt.fault, tt.in)
	}
}

func TestParseCreditCode(t *testing.T) {
	got, err := ParseCreditCode("91350100M000100Y43")
	if want := (CreditCodeParts{"91", "市场监管 企业", "350100", "M000100Y4"}); err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if _, err = ParseCreditCode("91350100M000100Y44"); KindOf(err) != Invalid {
		t.Errorf("wrong check: %v", err)
	}
	// Every category passes, with a check made for it, and no other one does.
	for _, a := range creditAlphabet {
		for _, b := range creditAlphabet {
			body := string(a) + string(b) + "420700MA9999X13"
			err := ValidateCode(CreditCode, body+string(rune(CreditCodeCheck(body))))
			if known := creditCategories[body[:2]] != ""; (err == nil) != known {
				t.Errorf("category %s: %v", body[:2], err)
			}
		}
	}
}

func TestParseOrgCode(t *testing.T) {
	for _, in := range []string{"D2143569-X", "D2143569X"} {
		if got, err := ParseOrgCode(in); err != nil || got != "D2143569X" {
			t.Errorf("%s: %q, %v", in, got, err)
		}
	}
	if _, err := ParseOrgCode("D2143569-Y"); KindOf(err) != Invalid {
		t.Errorf("wrong check: %v", err)
	}
}

const syntheticCertificate = "1.2.156.3005.2.11100000000013338W032.11420700009999017F.2025000001.001.Y"

func TestReadCertificateID(t *testing.T) {
	const typ, issuer = "11100000000013338W032", "11420700009999017F"
	summed := string(rune(CertificateCheck("1215630052" + typ + issuer + "1001")))
	noIssuer := string(rune(CertificateCheck(typ + "1001")))
	tests := []struct {
		name, id string
		want     CertificateFlaw
		err      string
	}{
		{"sound", syntheticCertificate, 0, ""},
		{"wrong check", syntheticCertificate[:len(syntheticCertificate)-1] + "Z", FlawCheck, ""},
		{"long check", syntheticCertificate + "Y", FlawCheck, ""},
		{"root summed", certificateRoot + "." + typ + "." + issuer + ".1.001." + summed, FlawCheck | FlawRootSummed, ""},
		{"other root", strings.Replace(syntheticCertificate, certificateRoot, vendorRoot, 1), FlawRoot, ""},
		{"no issuer", certificateRoot + "." + typ + ".1.001." + noIssuer, FlawNoIssuer, ""},
		{"sample of an API page", "1.2.156.3005.2.11100000000013661B006.113700000045046442.209FA4E88F9E4C878F3E9BED2CE7EA49.001.M", FlawCheck, ""},
		{"underscore", "1.2.156.3005.2.062301.1101101102.0624_001.001.U", FlawCheck | FlawCharacter | FlawType | FlawIssuer, ""},
		{"lower case", strings.ToLower(syntheticCertificate), FlawCheck | FlawCharacter | FlawType | FlawIssuer, ""},
		{"version", certificateRoot + "." + typ + "." + issuer + ".1.0." + string(rune(CertificateCheck(typ+issuer+"10"))), FlawVersion, ""},
		{"seven parts", syntheticCertificate + ".1", 0, "want type, issuer"},
		{"two parts", certificateRoot + ".A.B", 0, "want type, issuer"},
		{"empty part", certificateRoot + ".A..B.C.D", 0, "none empty"},
		{"another OID", "1.2.156.1.1.A.B.C.D.E", 0, "does not begin with"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, flaws, err := ReadCertificateID(tt.id)
			checkVerdict(t, err, tt.err, tt.id)
			if flaws != tt.want {
				t.Errorf("flaws %q, want %q", flaws, tt.want)
			}
			if err == nil && c.String() != tt.id {
				t.Errorf("String() = %q", c)
			}
		})
	}
}

func TestCertificateIDParts(t *testing.T) {
	want := CertificateID{"1.2.156.3005.2", "11100000000013338W032", "11420700009999017F", "2025000001", "001", "Y"}
	if got, err := ParseCertificateID(syntheticCertificate); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := NewCertificateID(want.Type, want.Issuer, want.Serial, want.Version); err != nil || got != want {
		t.Errorf("made %+v, %v", got, err)
	}
	for _, serial := range []string{"", "1.2", "a", "1_2"} {
		if _, err := NewCertificateID(want.Type, want.Issuer, serial, "001"); KindOf(err) != Invalid {
			t.Errorf("serial %q: %v", serial, err)
		}
	}
	if _, err := ParseCertificateID(syntheticCertificate + "Y"); KindOf(err) != Invalid {
		t.Errorf("long check: %v", err)
	}
}
