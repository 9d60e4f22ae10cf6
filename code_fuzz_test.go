package datarun

import (
	"fmt"
	"strings"
	"testing"
)

func seedCodes(f *testing.F, system CodeSystem) {
	for _, v := range codeVectors {
		if v.system == system {
			f.Add(v.value, uint32(len(v.value)))
		}
	}
}

// sameVerdict holds the two forms of a value against each other and the error to its promises.
func sameVerdict(t *testing.T, system CodeSystem, s string) bool {
	t.Helper()
	err, other := ValidateCode(system, s), ValidateCode(system, []byte(s))
	if (err == nil) != (other == nil) || err != nil && err.Error() != other.Error() {
		t.Fatalf("as string: %v, as bytes: %v", err, other)
	}
	if err != nil && KindOf(err) != Invalid {
		t.Fatalf("kind of %v", err)
	}
	return err == nil
}

// change replaces one of the first n characters of a code by another of the alphabet.
func change(code, alphabet string, n int, seed uint32) string {
	i := int(seed) % n
	at := strings.IndexByte(alphabet, code[i])
	c := alphabet[(at+1+int(seed>>8)%(len(alphabet)-1))%len(alphabet)]
	return code[:i] + string(rune(c)) + code[i+1:]
}

// FuzzResidentID: no input panics; what is valid is taken apart as it stands; one changed digit is always noticed, since
// no weight shares a factor with 11; a body with a fitting check is valid when its place and date are.
func FuzzResidentID(f *testing.F) {
	seedCodes(f, ResidentID)
	f.Fuzz(func(t *testing.T, s string, seed uint32) {
		_, _ = UpgradeResidentID(s)
		made := fmt.Sprintf("4207%02d%04d%02d%02d%03d", seed%9, 1800+seed%200, 1+seed/7%12, 1+seed/97%28, seed/11%1000)
		made += string(rune(ResidentIDCheck(made)))
		if err := ValidateCode(ResidentID, made); err != nil {
			t.Fatalf("made %s: %v", made, err)
		}
		for _, id := range []string{s, made} {
			if !sameVerdict(t, ResidentID, id) {
				continue
			}
			p, err := ParseResidentID(id)
			if err != nil || string(p.Division)+strings.ReplaceAll(p.Birth, "-", "") != id[:14] {
				t.Fatalf("%+v, %v", p, err)
			}
			if ValidateCode(ResidentID, change(id, "0123456789", 17, seed)) == nil {
				t.Fatal("a changed digit went unnoticed")
			}
		}
	})
}

// FuzzCreditCode: as FuzzResidentID, with 31, which is prime.
func FuzzCreditCode(f *testing.F) {
	seedCodes(f, CreditCode)
	f.Fuzz(func(t *testing.T, s string, seed uint32) {
		org := fmt.Sprintf("MA%06d", seed%1_000_000)
		made := fmt.Sprintf("91%06d", 420700+seed%100) + org + string(rune(OrgCodeCheck(org)))
		made += string(rune(CreditCodeCheck(made)))
		if err := ValidateCode(CreditCode, made); err != nil {
			t.Fatalf("made %s: %v", made, err)
		}
		for _, code := range []string{s, made} {
			if !sameVerdict(t, CreditCode, code) {
				continue
			}
			p, err := ParseCreditCode(code)
			if err != nil || p.Category+string(p.Division)+p.Org != code[:17] || ValidateCode(OrgCode, p.Org) != nil {
				t.Fatalf("%+v, %v", p, err)
			}
			if ValidateCode(CreditCode, change(code, creditAlphabet, 17, seed)) == nil {
				t.Fatal("a changed character went unnoticed")
			}
		}
	})
}

// FuzzOrgCode: no input panics; the hyphen makes no difference. A changed letter can go unnoticed: the alphabet is wider
// than the modulus. A changed digit cannot.
func FuzzOrgCode(f *testing.F) {
	seedCodes(f, OrgCode)
	f.Fuzz(func(t *testing.T, s string, seed uint32) {
		body := fmt.Sprintf("%08d", seed%100_000_000)
		made := body + string(rune(OrgCodeCheck(body)))
		if !sameVerdict(t, OrgCode, made) || !sameVerdict(t, OrgCode, body+"-"+made[8:]) {
			t.Fatalf("made %s is refused", made)
		}
		if ValidateCode(OrgCode, change(made, "0123456789", 8, seed)) == nil {
			t.Fatal("a changed digit went unnoticed")
		}
		if sameVerdict(t, OrgCode, s) {
			if plain, err := ParseOrgCode(s); err != nil || plain != strings.Replace(s, "-", "", 1) {
				t.Fatalf("%q, %v", plain, err)
			}
		}
	})
}

// FuzzDivision: no input panics; a code is valid exactly when it has a history, of which every first day finds it.
func FuzzDivision(f *testing.F) {
	seedCodes(f, Division)
	f.Fuzz(func(t *testing.T, s string, _ uint32) {
		valid := sameVerdict(t, Division, s)
		history := DivisionHistory(DivisionCode(s))
		if valid != (len(history) > 0) {
			t.Fatalf("valid %v, history %v", valid, history)
		}
		for _, e := range history {
			if e.From == "" {
				e.From = "1900-01-01"
			}
			if got, err := DivisionAt(e.Code, e.From); err != nil || got.Name != e.Name {
				t.Fatalf("%+v: found %+v, %v", e, got, err)
			}
		}
		_, _ = DivisionAt("420704", s)
	})
}

// FuzzCertificateID: no input panics; what can be read is given back as it was; an id made of good parts is valid, and
// one changed character of it is always noticed, which MOD 37,36 promises.
func FuzzCertificateID(f *testing.F) {
	seedCodes(f, CertificateNo)
	f.Fuzz(func(t *testing.T, s string, seed uint32) {
		c, flaws, err := ReadCertificateID(s)
		if err == nil && c.String() != s {
			t.Fatalf("read %q, gave back %q", s, c)
		}
		if valid := sameVerdict(t, CertificateNo, s); valid != (err == nil && flaws == 0) {
			t.Fatalf("valid %v, flaws %q, %v", valid, flaws, err)
		}
		serial := fmt.Sprintf("EZ%010d", seed)
		made, err := NewCertificateID("11100000000013338W032", "11420700009999017F", serial, fmt.Sprintf("%03d", 1+seed%999))
		if err != nil {
			t.Fatal(err)
		}
		made.Serial = change(serial, alphanumerics, len(serial), seed)
		if ValidateCode(CertificateNo, made.String()) == nil {
			t.Fatal("a changed character went unnoticed")
		}
	})
}
