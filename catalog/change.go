package catalog

import "datarun"

// Verb says what a change does. The texts are in the log: never rename one.
type Verb string

// The verbs.
const (
	ResourcePut      Verb = "resource.put"      // create or revise an entry
	ResourceWithdraw Verb = "resource.withdraw" // 下线: no more reads, the history stays
	AgencyPut        Verb = "agency.put"        // create or revise an agency; absent keys leave the keys as they are
	KeyAdd           Verb = "key.add"           // one more API key of an agency
	KeyRevoke        Verb = "key.revoke"        // an API key ends, for ever
	GrantPut         Verb = "grant.put"         // create or revise a grant
	GrantRevoke      Verb = "grant.revoke"      // 终止: a grant ends, for ever
)

// AnyVersion as Expect lets a change apply to whatever version there is, though not to nothing.
const AnyVersion = -1

// Change is one change of the directory. Make one with the functions below.
type Change struct {
	Verb Verb `json:"verb"`
	// Expect is the version that the writer saw: 0 means that there must be none yet. When somebody else was faster the
	// change is refused with Conflict.
	Expect   int                `json:"expect"`
	Resource *datarun.Resource  `json:"resource,omitempty"`
	Agency   *datarun.Agency    `json:"agency,omitempty"`
	Grant    *datarun.Grant     `json:"grant,omitempty"`
	Key      *datarun.KeyDigest `json:"key,omitempty"`
	ID       string             `json:"id,omitempty"`     // code or id of what is withdrawn, revoked, or gets a key
	Reason   string             `json:"reason,omitempty"` // why it is withdrawn or revoked, ≤500
}

// PutResource creates an entry (expect 0) or revises it.
func PutResource(r datarun.Resource, expect int) Change {
	return Change{Verb: ResourcePut, Expect: expect, Resource: &r}
}

// WithdrawResource takes an entry offline. Putting it again brings it back.
func WithdrawResource(code datarun.ResourceCode, expect int, reason string) Change {
	return Change{Verb: ResourceWithdraw, Expect: expect, ID: string(code), Reason: reason}
}

// PutAgency creates an agency (expect 0) or revises it. Keys that are nil stay as they are; given ones replace all, and
// one that is left out is revoked. Subjects are always replaced.
func PutAgency(a datarun.Agency, expect int) Change {
	return Change{Verb: AgencyPut, Expect: expect, Agency: &a}
}

// AddKey gives an agency one more API key. Expect is AnyVersion as a rule: two keys added at once do not disturb.
func AddKey(agency datarun.AgencyCode, expect int, key datarun.KeyDigest) Change {
	return Change{Verb: KeyAdd, Expect: expect, ID: string(agency), Key: &key}
}

// RevokeKey ends the API key of that id. The key can never be added again, to no agency.
func RevokeKey(agency datarun.AgencyCode, expect int, keyID, reason string) Change {
	return Change{Verb: KeyRevoke, Expect: expect, ID: string(agency), Key: &datarun.KeyDigest{ID: keyID}, Reason: reason}
}

// PutGrant creates a grant (expect 0) or revises its purpose, items and days. Agency and resource never change.
func PutGrant(g datarun.Grant, expect int) Change {
	return Change{Verb: GrantPut, Expect: expect, Grant: &g}
}

// RevokeGrant ends a grant for ever.
func RevokeGrant(id datarun.GrantID, expect int, reason string) Change {
	return Change{Verb: GrantRevoke, Expect: expect, ID: string(id), Reason: reason}
}

// Subject returns the code or id of what the change is about, or "" when it is malformed.
func (c *Change) Subject() string {
	switch {
	case c.Verb == ResourcePut && c.Resource != nil:
		return string(c.Resource.Code)
	case c.Verb == AgencyPut && c.Agency != nil:
		return string(c.Agency.Code)
	case c.Verb == GrantPut && c.Grant != nil:
		return string(c.Grant.ID)
	}
	return c.ID
}
