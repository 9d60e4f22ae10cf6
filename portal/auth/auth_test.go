package auth

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net/http"
	"strings"
	"testing"
	"time"

	"datarun"
)

type agencies []datarun.Agency

func (l agencies) ByKey(id string) (datarun.Agency, bool) {
	for _, a := range l {
		for _, k := range a.Keys {
			if k.ID == id {
				return a, true
			}
		}
	}
	return datarun.Agency{}, false
}

func (l agencies) BySubject(subject string) (datarun.Agency, bool) {
	for _, a := range l {
		for _, s := range a.Subjects {
			if s == subject {
				return a, true
			}
		}
	}
	return datarun.Agency{}, false
}

func TestNewKey(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		key, digest := NewKey()
		if len(key) != 3+8+1+43 || !strings.HasPrefix(key, "dr_"+digest.ID+"_") || len(digest.SHA256) != 64 {
			t.Fatalf("key of %d characters, digest %+v", len(key), digest)
		}
		if got, ok := Digest(key); !ok || got != digest {
			t.Fatalf("Digest = %+v, %v; want %+v", got, ok, digest)
		}
		if seen[key] {
			t.Fatal("the same key twice")
		}
		seen[key] = true
	}
}

func TestDigestRefuses(t *testing.T) {
	key, _ := NewKey()
	for _, bad := range []string{"", "dr_", key[:len(key)-1], key + "x", "xx" + key[2:], strings.ToUpper(key), "dr_abc/efgh_" + key[12:]} {
		if _, ok := Digest(bad); ok {
			t.Errorf("%d characters were taken for a key", len(bad))
		}
	}
}

func TestAuthenticate(t *testing.T) {
	key, digest := NewKey()
	other, _ := NewKey()
	leaf := &x509.Certificate{Subject: pkix.Name{CommonName: "housing", Organization: []string{"Ezhou"}}}
	a := New(agencies{{Code: "A", Keys: []datarun.KeyDigest{digest}}, {Code: "B", Subjects: []string{"CN=housing,O=Ezhou"}}}, Limits{})
	forged := "dr_" + digest.ID + "_" + other[12:]
	verified := &tls.ConnectionState{PeerCertificates: []*x509.Certificate{leaf}, VerifiedChains: [][]*x509.Certificate{{leaf}}}
	unverified := &tls.ConnectionState{PeerCertificates: []*x509.Certificate{leaf}}
	tests := []struct {
		name   string
		header http.Header
		tls    *tls.ConnectionState
		want   datarun.AgencyCode
	}{
		{"nothing", nil, nil, ""},
		{"bearer", http.Header{"Authorization": {"Bearer " + key}}, nil, "A"},
		{"bearer in lower case", http.Header{"Authorization": {"bearer " + key}}, nil, "A"},
		{"header", http.Header{"X-Api-Key": {key}}, nil, "A"},
		{"basic", http.Header{"Authorization": {"Basic " + key}}, nil, ""},
		{"both", http.Header{"X-Api-Key": {key}, "Authorization": {"Bearer " + key}}, nil, ""},
		{"twice", http.Header{"X-Api-Key": {key, key}}, nil, ""},
		{"known id, other secret", http.Header{"X-Api-Key": {forged}}, nil, ""},
		{"unknown key", http.Header{"X-Api-Key": {other}}, nil, ""},
		{"certificate", nil, verified, "B"},
		{"certificate that nobody verified", nil, unverified, ""},
		{"a wrong key is not made up for by a certificate", http.Header{"X-Api-Key": {other}}, verified, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &http.Request{Header: tt.header, TLS: tt.tls, RemoteAddr: "192.0.2.1:5"}
			if r.Header == nil {
				r.Header = http.Header{}
			}
			caller, verdict := a.Authenticate(r)
			if (verdict == Passed) != (tt.want != "") || caller.Agency.Code != tt.want {
				t.Errorf("agency %q, verdict %v; want %q", caller.Agency.Code, verdict, tt.want)
			}
		})
	}
}

func TestThrottle(t *testing.T) {
	key, digest := NewKey()
	now := time.Unix(0, 0)
	a := New(agencies{{Code: "A", Keys: []datarun.KeyDigest{digest}}}, Limits{Failures: 3, Addresses: 2, Now: func() time.Time { return now }})
	ask := func(addr, key string) Verdict {
		_, v := a.Authenticate(&http.Request{Header: http.Header{"X-Api-Key": {key}}, RemoteAddr: addr})
		return v
	}
	for i, want := range []Verdict{Refused, Refused, Refused, Throttled, Throttled} {
		if got := ask("192.0.2.1:1", "wrong"); got != want {
			t.Fatalf("failure %d: %v, want %v", i+1, got, want)
		}
	}
	if ask("192.0.2.1:2", key) != Passed {
		t.Error("the right key is locked out by wrong ones")
	}
	if ask("[2001:db8::1]:1", "wrong") != Refused || ask("[2001:db8::2]:1", "wrong") != Refused {
		t.Error("another address is throttled")
	}
	for i := range 100 { // more addresses than there is room for share one count
		addr := "198.51.100." + string(rune('0'+i%10)) + ":1"
		if got := ask(addr, "wrong"); i > 3 && got != Throttled {
			t.Fatalf("overflow %d: %v", i, got)
		}
	}
	if n := len(a.failures.counts); n > 3 {
		t.Errorf("%d addresses remembered, want at most 2 and the shared one", n)
	}
	now = now.Add(time.Minute)
	if ask("192.0.2.1:1", "wrong") != Refused {
		t.Error("throttled for ever")
	}
}
