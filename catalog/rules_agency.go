package catalog

import (
	"encoding/hex"
	"regexp"
	"slices"

	"datarun"
)

const (
	maxKeys     = 64
	maxSubjects = 64
)

var (
	keyID   = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z_-]{0,31}$`)
	grantID = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$`)
)

func (c checker) agency(a *datarun.Agency) {
	if a.Code == "" {
		c.bad("code", RuleRequired, "must be given: the unified social credit code")
	} else {
		c.code("code", datarun.CreditCode, string(a.Code))
	}
	c.text("name", a.Name, 256, true)
	if a.Division != "" {
		c.code("division", datarun.Division, string(a.Division))
	}
	c.keys(a.Keys)
	c.certificates(a.Subjects)
}

func (c checker) keys(keys []datarun.KeyDigest) {
	if len(keys) > maxKeys {
		c.bad("keys", RuleLength, "%d keys, at most %d are allowed", len(keys), maxKeys)
	}
	for i, key := range keys {
		c.key(index("keys", i), key)
		for _, other := range keys[:i] {
			if other.ID == key.ID || other.SHA256 == key.SHA256 {
				c.bad(index("keys", i), RuleUnique, "id or digest is there twice")
			}
		}
	}
}

func (c checker) key(path string, key datarun.KeyDigest) {
	if !keyID.MatchString(key.ID) {
		c.bad(join(path, "id"), RuleForm, "must be 1 to 32 letters, digits, _ or -, beginning with a letter or digit")
	}
	raw, err := hex.DecodeString(key.SHA256)
	if err != nil || len(raw) != 32 || hex.EncodeToString(raw) != key.SHA256 {
		c.bad(join(path, "sha256"), RuleForm, "must be 64 hex digits in small letters: the SHA-256 of the key, never the key")
	}
}

func (c checker) certificates(subjects []string) {
	if len(subjects) > maxSubjects {
		c.bad("subjects", RuleLength, "%d subjects, at most %d are allowed", len(subjects), maxSubjects)
	}
	for i, subject := range subjects {
		c.text(index("subjects", i), subject, 1024, true)
		if slices.Contains(subjects[:i], subject) {
			c.bad(index("subjects", i), RuleUnique, "is there twice")
		}
	}
}

// grant checks a grant by itself; that both sides exist is judged beside it.
func (c checker) grant(g *datarun.Grant) {
	if g.ID == OwnGrant || !grantID.MatchString(string(g.ID)) {
		c.bad("id", RuleForm, "must be 1 to 64 letters, digits, . _ or -, beginning with a letter or digit, and not %q", OwnGrant)
	}
	if g.Agency == "" {
		c.bad("agency", RuleRequired, "must be given: the agency that may read")
	}
	if g.Resource == "" {
		c.bad("resource", RuleRequired, "must be given: the entry that may be read")
	}
	c.text("purpose", g.Purpose, 500, true)
	for i, name := range g.Items {
		if slices.Contains(g.Items[:i], name) {
			c.bad(index("items", i), RuleUnique, "%q is there twice", name)
		}
	}
	from, until := c.date("from", g.From), c.date("until", g.Until)
	if from && until && g.From != "" && g.Until != "" && g.From > g.Until {
		c.bad("until", RulePair, "is before from")
	}
	if g.Revoked {
		c.bad("revoked", RuleState, "a grant is revoked by a change of its own, with a reason")
	}
}
