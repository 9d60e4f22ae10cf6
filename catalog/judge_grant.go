package catalog

import (
	"cmp"
	"slices"

	"datarun"
)

func (d deed) putGrant(c *Change) int {
	g := *c.Grant
	old := d.grants.get(g.ID)
	if old == nil {
		old = &Permit{}
	}
	if !d.expects("grant "+string(g.ID), c.Expect, old.Version) {
		return 0
	}
	before := len(*d.found)
	d.grant(&g)
	d.parties(&g)
	if old.Version > 0 {
		d.sameGrant(old, &g)
	}
	if len((*d.found)[before:].Refusing()) > 0 {
		return 0
	}
	return d.setGrant(&Permit{Grant: g, Version: old.Version + 1, Updated: d.at})
}

// parties checks that both sides exist and that there is something to grant.
func (d deed) parties(g *datarun.Grant) {
	if g.Agency != "" && d.agencies.get(g.Agency) == nil {
		d.bad("agency", RuleUnknown, "no agency %s in the directory", g.Agency)
	}
	entry := d.resources.get(g.Resource)
	if entry == nil {
		d.bad("resource", RuleUnknown, "no entry %s in the directory", g.Resource)
		return
	}
	if entry.Withdrawn {
		d.bad("resource", RuleState, "entry %s is withdrawn", g.Resource)
	}
	if entry.Share == datarun.Withheld {
		d.bad("resource", RuleState, "entry %s is not shared (不予共享)", g.Resource)
	}
	for i, name := range g.Items {
		if entry.Item(name) == nil {
			d.bad(index("items", i), RuleUnknown, "entry %s has no item %q", g.Resource, name)
		}
	}
}

func (d deed) sameGrant(old *Permit, g *datarun.Grant) {
	if old.Revoked {
		d.bad("", RuleState, "grant %s is revoked, for ever: put another", g.ID)
	}
	if g.Agency != old.Agency {
		d.bad("agency", RuleRevision, "a grant stays with its agency, %s: put another grant", old.Agency)
	}
	if g.Resource != old.Resource {
		d.bad("resource", RuleRevision, "a grant stays with its entry, %s: put another grant", old.Resource)
	}
}

func (d deed) revokeGrant(c *Change) int {
	old := d.grants.get(datarun.GrantID(c.ID))
	current := 0
	if old != nil {
		current = old.Version
	}
	if !d.exists("grant "+c.ID, c.Expect, current) {
		return 0
	}
	if old.Revoked {
		d.bad("", RuleState, "grant %s is revoked already", c.ID)
		return 0
	}
	permit := *old
	permit.Version, permit.Updated, permit.Reason, permit.Revoked = current+1, d.at, c.Reason, true
	return d.setGrant(&permit)
}

func (d deed) setGrant(permit *Permit) int {
	d.grants.set(permit.ID, permit)
	key := pair{permit.Agency, permit.Resource}
	list := []*Permit{permit}
	if before := d.pairs.get(key); before != nil {
		for _, p := range before.list {
			if p.ID != permit.ID {
				list = append(list, p)
			}
		}
	}
	sortPermits(list)
	d.pairs.set(key, &permits{list})
	return permit.Version
}

// sortPermits puts the widest grant first: all items before some, more before fewer, then by id.
func sortPermits(list []*Permit) {
	slices.SortFunc(list, func(a, b *Permit) int {
		if all := len(a.Items) == 0; all != (len(b.Items) == 0) {
			if all {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(len(b.Items), len(a.Items)), cmp.Compare(a.ID, b.ID))
	})
}
