package catalog

import "datarun"

// tables is the state of the directory; what a snapshot copies. Values are never changed once they are in.
type tables struct {
	resources table[datarun.ResourceCode, *Entry]
	names     table[string, datarun.ResourceCode] // plain name of an entry → its code
	agencies  table[datarun.AgencyCode, *Member]
	digests   table[string, datarun.AgencyCode] // SHA-256 of a key → whose; revoked when that agency no longer lists it
	keyIDs    table[string, datarun.AgencyCode] // id of a key → whose, likewise
	subjects  table[string, datarun.AgencyCode] // certificate subject → whose
	grants    table[datarun.GrantID, *Permit]
	pairs     table[pair, *permits] // who may read what
}

// pair is one agency reading one resource.
type pair struct {
	agency   datarun.AgencyCode
	resource datarun.ResourceCode
}

// permits are the grants of a pair, the widest first; see sortPermits.
type permits struct{ list []*Permit }

// draft is a state with one command's changes on top, not yet taken.
type draft struct {
	resources overlay[datarun.ResourceCode, *Entry]
	names     overlay[string, datarun.ResourceCode]
	agencies  overlay[datarun.AgencyCode, *Member]
	digests   overlay[string, datarun.AgencyCode]
	keyIDs    overlay[string, datarun.AgencyCode]
	subjects  overlay[string, datarun.AgencyCode]
	grants    overlay[datarun.GrantID, *Permit]
	pairs     overlay[pair, *permits]
}

// draft opens a draft on top of t. Nothing of t changes before commit.
func (t *tables) draft() *draft {
	return &draft{
		resources: overlay[datarun.ResourceCode, *Entry]{base: &t.resources},
		names:     overlay[string, datarun.ResourceCode]{base: &t.names},
		agencies:  overlay[datarun.AgencyCode, *Member]{base: &t.agencies},
		digests:   overlay[string, datarun.AgencyCode]{base: &t.digests},
		keyIDs:    overlay[string, datarun.AgencyCode]{base: &t.keyIDs},
		subjects:  overlay[string, datarun.AgencyCode]{base: &t.subjects},
		grants:    overlay[datarun.GrantID, *Permit]{base: &t.grants},
		pairs:     overlay[pair, *permits]{base: &t.pairs},
	}
}

// commit writes the draft into the tables it was opened on.
func (d *draft) commit(epoch uint64) {
	d.resources.commit(epoch)
	d.names.commit(epoch)
	d.agencies.commit(epoch)
	d.digests.commit(epoch)
	d.keyIDs.commit(epoch)
	d.subjects.commit(epoch)
	d.grants.commit(epoch)
	d.pairs.commit(epoch)
}
