package catalog

import (
	"cmp"
	"slices"
	"time"

	"datarun"
)

// OwnGrant is the id of the grant that an agency has on what it provides itself: nobody put it, it covers all items and
// has no end. The ledger gets this id for such a read.
const OwnGrant datarun.GrantID = "own"

// Allowed returns the grant under which the agency may read the resource at that moment: of several the one with the
// most items. The provider may always read its own entry, under OwnGrant. A withdrawn entry may be read by nobody, one
// of share class 3 by its provider only, whatever was granted before it became so.
func (s *Snapshot) Allowed(agency datarun.AgencyCode, code datarun.ResourceCode, at time.Time) (datarun.Grant, bool) {
	entry, ok := s.Resource(code)
	if !ok {
		return datarun.Grant{}, false
	}
	if entry.Provider == agency {
		return datarun.Grant{ID: OwnGrant, Agency: agency, Resource: code, Purpose: "提供方"}, true
	}
	if entry.Share == datarun.Withheld || s.agencies.get(agency) == nil {
		return datarun.Grant{}, false
	}
	if list := s.pairs.get(pair{agency, code}); list != nil {
		for _, p := range list.list {
			if p.Covers(at) {
				return p.Grant, true
			}
		}
	}
	return datarun.Grant{}, false
}

// Grant returns the grant of that id, in force or not.
func (s *Snapshot) Grant(id datarun.GrantID) (*Permit, bool) {
	p := s.grants.get(id)
	return p, p != nil
}

// GrantCount is the number of grants ever made, those that ended included.
func (s *Snapshot) GrantCount() int { return s.grants.size }

// Grants returns the grants that keep says yes to, by id. A nil keep is all of them: there may be 100,000.
func (s *Snapshot) Grants(keep func(*Permit) bool) []*Permit {
	var list []*Permit
	for _, p := range s.grants.all() {
		if keep == nil || keep(p) {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b *Permit) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// GrantsBetween returns every grant that the agency ever had on the resource, in force or not, the widest first.
func (s *Snapshot) GrantsBetween(agency datarun.AgencyCode, code datarun.ResourceCode) []*Permit {
	if list := s.pairs.get(pair{agency, code}); list != nil {
		return slices.Clone(list.list)
	}
	return nil
}
