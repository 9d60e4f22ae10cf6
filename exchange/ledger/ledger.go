package ledger

import (
	"context"
	"time"

	"datarun"
	"datarun/exchange"
)

// Kind says what happened.
type Kind string

// The kinds.
const (
	Lookup  Kind = "lookup"  // one record by key
	List    Kind = "list"    // a page of records
	Push    Kind = "push"    // records handed in over the API
	Publish Kind = "publish" // records published for a source
	Take    Kind = "take"    // records handed over to an agency's system
)

// Entry is one line of the ledger. Hub, Seq, Time, Prev and Hash are set by Write.
type Entry struct {
	Hub      string               `json:"hub"`
	Seq      uint64               `json:"seq"` // within the hub's chain, from 1
	Time     time.Time            `json:"time"`
	Kind     Kind                 `json:"kind"`
	Agency   datarun.AgencyCode   `json:"agency"` // who took, or who gave
	Operator string               `json:"operator,omitempty"`
	Resource datarun.ResourceCode `json:"resource,omitempty"`
	Grant    datarun.GrantID      `json:"grant,omitempty"`
	Purpose  string               `json:"purpose,omitempty"`
	Case     string               `json:"case,omitempty"`
	Subjects []string             `json:"subjects,omitempty"` // keyed digests of whom it was about, never the numbers
	Count    int                  `json:"count"`              // records asked for or moved
	Prev     string               `json:"prev"`               // Hash of the entry before, 64 hex digits; zeros for the first
	Hash     string               `json:"hash"`               // SHA-256 over the canonical form, 64 hex digits
}

// Report is what Verify found.
type Report struct {
	Entries int              // read
	Heads   map[string]Entry // newest good entry of each hub
	Break   *Break           // nil: the chains are whole
}

// Break is the first link that does not hold.
type Break struct {
	Hub    string
	Seq    uint64
	Offset int64 // in the topic
	Reason string
}

// Ledger writes entries. It is safe for concurrent use.
type Ledger struct{}

// Open makes sure that the topic exists, finds the last entry of this hub and goes on from there. hub is the name of the
// chain: unique per running hub, and the same after a restart.
func Open(ctx context.Context, c *exchange.Cluster, hub string) (*Ledger, error) {
	return &Ledger{}, nil
}

// Write appends entries and returns nil when they are durable. Concurrent calls share one produce request.
func (l *Ledger) Write(ctx context.Context, entries ...Entry) error { return nil }

// Read calls fn for every entry from offset on up to the end, oldest first; an error of fn ends it.
func (l *Ledger) Read(ctx context.Context, from int64, fn func(offset int64, e Entry) error) error {
	return nil
}

// Verify walks all chains from the beginning.
func (l *Ledger) Verify(ctx context.Context) (Report, error) { return Report{}, nil }
