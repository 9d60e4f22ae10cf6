package catalog

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"datarun"
)

// Snapshot is the directory at one point of its history. It never changes; any number of goroutines may read it. What it
// hands out is shared with other snapshots: read it, do not change it.
type Snapshot struct {
	tables
	head    Head
	offset  int64
	breaks  int64
	changed chan struct{}
	sorted  func() *sorted
}

// sorted is made when it is first asked for: most snapshots live for one change and are never listed.
type sorted struct {
	resources []*Entry
	withdrawn []*Entry
	agencies  []*Member
}

func newSnapshot(t tables, head Head, offset, breaks int64, changed chan struct{}) *Snapshot {
	s := &Snapshot{tables: t, head: head, offset: offset, breaks: breaks, changed: changed}
	s.sorted = sync.OnceValue(s.sort)
	return s
}

func (s *Snapshot) sort() *sorted {
	var out sorted
	for _, e := range s.resources.all() {
		if e.Withdrawn {
			out.withdrawn = append(out.withdrawn, e)
		} else {
			out.resources = append(out.resources, e)
		}
	}
	for _, m := range s.agencies.all() {
		out.agencies = append(out.agencies, m)
	}
	byCode := func(a, b *Entry) int { return cmp.Compare(a.Code, b.Code) }
	slices.SortFunc(out.resources, byCode)
	slices.SortFunc(out.withdrawn, byCode)
	slices.SortFunc(out.agencies, func(a, b *Member) int { return cmp.Compare(a.Code, b.Code) })
	return &out
}

// Head is the point of the history that the snapshot stands at.
func (s *Snapshot) Head() Head { return s.head }

// Offset is the log offset of the last record that was read, or -1.
func (s *Snapshot) Offset() int64 { return s.offset }

// Breaks counts the commands that named a head this log never had: somebody changed the history, or the log lost its
// tail. Anything above 0 is for a person to look at; Verify says which.
func (s *Snapshot) Breaks() int64 { return s.breaks }

// Changed returns a channel that is closed when the directory is no longer what this snapshot says.
func (s *Snapshot) Changed() <-chan struct{} { return s.changed }

// Resources returns the entries that are online, by code.
func (s *Snapshot) Resources() []*Entry { return slices.Clone(s.sorted().resources) }

// Withdrawn returns the entries that are offline, by code.
func (s *Snapshot) Withdrawn() []*Entry { return slices.Clone(s.sorted().withdrawn) }

// Resource returns the entry of that code if it is online.
func (s *Snapshot) Resource(code datarun.ResourceCode) (*Entry, bool) {
	e := s.resources.get(code)
	return e, e != nil && !e.Withdrawn
}

// Entry returns the entry of that code, online or withdrawn.
func (s *Snapshot) Entry(code datarun.ResourceCode) (*Entry, bool) {
	e := s.resources.get(code)
	return e, e != nil
}

// Agencies returns every agency, by code.
func (s *Snapshot) Agencies() []*Member { return slices.Clone(s.sorted().agencies) }

// Agency returns the agency of that code.
func (s *Snapshot) Agency(code datarun.AgencyCode) (*Member, bool) {
	m := s.agencies.get(code)
	return m, m != nil
}

// AgencyByKey returns the agency whose API key has this SHA-256 (64 hex digits in small letters), and the key's id for
// the ledger. A revoked key belongs to nobody.
func (s *Snapshot) AgencyByKey(sha256 string) (*Member, string, bool) {
	m := s.agencies.get(s.digests.get(sha256))
	if m == nil {
		return nil, "", false
	}
	for _, key := range m.Keys {
		if key.SHA256 == sha256 {
			return m, key.ID, true
		}
	}
	return nil, "", false
}

// AgencyBySubject returns the agency that calls with a certificate of this subject (RFC 4514 string).
func (s *Snapshot) AgencyBySubject(subject string) (*Member, bool) {
	m := s.agencies.get(s.subjects.get(subject))
	return m, m != nil
}

// Check judges changes as if they were the next command, without writing anything. It returns every problem, warnings
// too; an empty list of Problems.Refusing means that Apply would take them.
func (s *Snapshot) Check(changes ...Change) Problems {
	return judge(&s.tables, time.Now(), changes).problems
}
