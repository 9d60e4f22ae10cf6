package auth

import (
	"net/http"
	"strings"
	"time"

	"datarun"
)

// Agencies finds agencies by what they call with.
type Agencies interface {
	// ByKey returns the agency one of whose keys has this id. Ids are unique over all agencies.
	ByKey(id string) (datarun.Agency, bool)
	// BySubject returns the agency that lists this certificate subject, an RFC 4514 string as crypto/x509/pkix makes it.
	BySubject(subject string) (datarun.Agency, bool)
}

// Caller is an agency that proved who it is.
type Caller struct {
	Agency datarun.Agency
	KeyID  string // the key it used; empty when it came by certificate
}

// Verdict is what came of looking at a request's credentials.
type Verdict int

// The verdicts. The zero value lets nobody in.
const (
	Refused   Verdict = iota // no credentials, or wrong ones
	Throttled                // wrong ones, once too often from this address
	Passed
)

// Limits bounds what failures may cost. A zero field means its default.
type Limits struct {
	Failures  int              // wrong credentials per address and minute that are answered as such, default 30
	Addresses int              // addresses remembered, default 10,000
	Now       func() time.Time // default time.Now
}

// Authenticator looks at the credentials of requests. It is safe for concurrent use.
type Authenticator struct {
	agencies Agencies
	failures *failures
}

// New makes an Authenticator over the agencies of the catalogue.
func New(agencies Agencies, limits Limits) *Authenticator {
	return &Authenticator{agencies: agencies, failures: newFailures(limits)}
}

// Authenticate looks at the request's key (Authorization: Bearer, or X-API-Key) and, when there is none, at its verified
// client certificate.
func (a *Authenticator) Authenticate(r *http.Request) (Caller, Verdict) {
	key, given := keyOf(r)
	if !given {
		if caller, ok := a.byCertificate(r); ok {
			return caller, Passed
		}
		return Caller{}, Refused // nothing was guessed: an unauthenticated probe does not count as a failure
	}
	if caller, ok := a.byKey(key); ok {
		return caller, Passed
	}
	if a.failures.count(r.RemoteAddr) {
		return Caller{}, Throttled
	}
	return Caller{}, Refused
}

// keyOf returns the key of the request and whether it tried to give one. Two at once are as good as a wrong one.
func keyOf(r *http.Request) (key string, given bool) {
	authorization, plain := r.Header.Values("Authorization"), r.Header.Values("X-API-Key")
	if len(authorization)+len(plain) == 0 {
		return "", false
	}
	if len(authorization)+len(plain) > 1 {
		return "", true
	}
	if len(plain) == 1 {
		return plain[0], true
	}
	scheme, token, _ := strings.Cut(authorization[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", true
	}
	return strings.TrimSpace(token), true
}

func (a *Authenticator) byKey(key string) (Caller, bool) {
	digest, ok := Digest(key)
	if !ok {
		return Caller{}, false
	}
	agency, found := a.agencies.ByKey(digest.ID)
	if !matches(agency.Keys, digest) || !found {
		return Caller{}, false
	}
	return Caller{Agency: agency, KeyID: digest.ID}, true
}

// byCertificate trusts chains that the TLS layer verified and nothing else: a certificate that was merely sent is no proof.
func (a *Authenticator) byCertificate(r *http.Request) (Caller, bool) {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 || len(r.TLS.VerifiedChains[0]) == 0 {
		return Caller{}, false
	}
	agency, ok := a.agencies.BySubject(r.TLS.VerifiedChains[0][0].Subject.String())
	return Caller{Agency: agency}, ok
}
