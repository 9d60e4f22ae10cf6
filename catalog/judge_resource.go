package catalog

import "datarun"

func (d deed) putResource(c *Change) int {
	r := *c.Resource
	old := d.resources.get(r.Code)
	current := 0
	if old != nil {
		current = old.Version
	}
	if !d.expects("entry "+string(r.Code), c.Expect, current) {
		return 0
	}
	before := len(*d.found)
	d.resource(&r)
	d.provider(r.Provider)
	d.name(&r)
	entry := &Entry{Resource: r, Version: current + 1, Created: d.at, Updated: d.at}
	entry.Published = d.day()
	if old != nil {
		d.revision(&old.Resource, &r)
		entry.Created, entry.Published = old.Created, old.Published
	}
	if r.Published != "" && r.Published != entry.Published {
		d.warn("published", RuleChoice, "is set by the directory: %s", entry.Published)
	}
	if len((*d.found)[before:].Refusing()) > 0 {
		return 0
	}
	if old != nil {
		d.names.set(plain(old.Name), "")
	}
	d.names.set(plain(r.Name), r.Code)
	d.resources.set(r.Code, entry)
	return entry.Version
}

// provider must be an agency of the directory: what nobody provides nobody answers for.
func (d deed) provider(code datarun.AgencyCode) {
	if code != "" && d.agencies.get(code) == nil {
		d.bad("provider", RuleUnknown, "no agency %s in the directory: put it first, or in the same files", code)
	}
}

// name must be unique, and not only by punctuation or spaces. A withdrawn entry keeps its name: it may come back, and
// its records are still there under that name.
func (d deed) name(r *datarun.Resource) {
	if holder := d.names.get(plain(r.Name)); holder != "" && holder != r.Code {
		d.bad("name", RuleUnique, "entry %s has this name already; case, spaces and punctuation do not count", holder)
	}
}

func (d deed) withdraw(c *Change) int {
	code := datarun.ResourceCode(c.ID)
	old := d.resources.get(code)
	current := 0
	if old != nil {
		current = old.Version
	}
	if !d.exists("entry "+c.ID, c.Expect, current) {
		return 0
	}
	if old.Withdrawn {
		d.bad("", RuleState, "entry %s is withdrawn already", code)
	}
	if !d.text("reason", c.Reason, 500, true) || old.Withdrawn {
		return 0
	}
	entry := *old
	entry.Version, entry.Updated, entry.Withdrawn, entry.Reason = current+1, d.at, true, c.Reason
	d.resources.set(code, &entry)
	return entry.Version
}
