package catalog

import (
	"slices"

	"datarun"
)

func (d deed) putAgency(c *Change) int {
	a := *c.Agency
	old := d.agencies.get(a.Code)
	if old == nil {
		old = &Member{}
	}
	if !d.expects("agency "+string(a.Code), c.Expect, old.Version) {
		return 0
	}
	before := len(*d.found)
	d.agency(&a)
	if a.Keys == nil {
		a.Keys = old.Keys
	}
	for i, key := range a.Keys {
		if !slices.Contains(old.Keys, key) {
			d.freeKey(index("keys", i), key)
		}
	}
	for i, subject := range a.Subjects {
		if holder := d.subjects.get(subject); holder != "" && holder != a.Code {
			d.bad(index("subjects", i), RuleUnique, "agency %s has this certificate subject", holder)
		}
	}
	if len((*d.found)[before:].Refusing()) > 0 {
		return 0
	}
	for _, subject := range old.Subjects {
		d.subjects.set(subject, "")
	}
	for _, subject := range a.Subjects {
		d.subjects.set(subject, a.Code)
	}
	return d.setAgency(a, old.Version)
}

// setAgency stores the agency with its keys. Keys that it had and has no more stay in the index: whose they were is
// known, and that they are revoked.
func (d deed) setAgency(a datarun.Agency, version int) int {
	for _, key := range a.Keys {
		d.digests.set(key.SHA256, a.Code)
		d.keyIDs.set(key.ID, a.Code)
	}
	d.agencies.set(a.Code, &Member{Agency: a, Version: version + 1, Updated: d.at})
	return version + 1
}

func (d deed) addKey(c *Change) int {
	old := d.member(c)
	if old == nil {
		return 0
	}
	before := len(*d.found)
	d.key("key", *c.Key)
	d.freeKey("key", *c.Key)
	if len(old.Keys) >= maxKeys {
		d.bad("key", RuleLength, "the agency has %d keys, the most there may be: revoke one", maxKeys)
	}
	if len(*d.found) > before {
		return 0
	}
	a := old.Agency
	a.Keys = append(slices.Clone(a.Keys), *c.Key)
	return d.setAgency(a, old.Version)
}

func (d deed) revokeKey(c *Change) int {
	old := d.member(c)
	if old == nil {
		return 0
	}
	i := slices.IndexFunc(old.Keys, func(k datarun.KeyDigest) bool { return k.ID == c.Key.ID })
	if i < 0 {
		d.bad("key.id", RuleMissing, "the agency has no key of this id")
		return 0
	}
	a := old.Agency
	a.Keys = slices.Delete(slices.Clone(a.Keys), i, i+1)
	return d.setAgency(a, old.Version)
}

// member is the agency that a key change is about, or nil when it may not be changed.
func (d deed) member(c *Change) *Member {
	old := d.agencies.get(datarun.AgencyCode(c.ID))
	current := 0
	if old != nil {
		current = old.Version
	}
	if !d.exists("agency "+c.ID, c.Expect, current) {
		return nil
	}
	return old
}

// freeKey refuses a key that any agency has or had: a revoked key may have leaked, and a shared one says nothing about
// who calls.
func (d deed) freeKey(path string, key datarun.KeyDigest) {
	if d.digests.get(key.SHA256) != "" {
		d.bad(join(path, "sha256"), RuleUnique, "this key is or was in use: make a new one")
	}
	if d.keyIDs.get(key.ID) != "" {
		d.bad(join(path, "id"), RuleUnique, "this key id is or was in use: make a new key")
	}
}
