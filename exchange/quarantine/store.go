package quarantine

import (
	"context"
	"time"

	"datarun"
	"datarun/exchange"
)

// Parked is a record in quarantine.
type Parked struct {
	ID       string               `json:"id"` // set by Park when empty: see ID
	Resource datarun.ResourceCode `json:"resource"`
	Source   string               `json:"source"` // as in Envelope.Source
	Fault    datarun.Fault        `json:"fault"`
	Op       datarun.Op           `json:"op"`
	Time     time.Time            `json:"time"`          // when it was parked; set by Park when zero
	Raw      []byte               `json:"raw,omitempty"` // the record's JSON, or the raw row as a JSON string; List leaves it out
}

// Filter chooses entries. The zero value of a field does not restrict.
type Filter struct {
	Resource datarun.ResourceCode
	Source   string
	Rule     datarun.Rule
	Before   string // id of an entry: only older ones, for the next page
	Limit    int    // most entries returned; default 100
}

// Config sets how a Store works. The zero value of a field means its default.
type Config struct {
	Index int // entries held for List, the newest; default 200,000
}

// Store parks records. It is safe for concurrent use.
type Store struct{}

// Open makes sure that the topic exists and reads it to make the index.
func Open(ctx context.Context, c *exchange.Cluster, cfg Config) (*Store, error) { return &Store{}, nil }

// ID derives the id of a record from where it came from, the resource and its bytes, so that a replay parks nothing
// twice.
func ID(source string, resource datarun.ResourceCode, raw []byte) string { return "" }

// Park writes records and returns nil when all are durable.
func (s *Store) Park(ctx context.Context, records []Parked) error { return nil }

// List returns entries, newest first, without Raw.
func (s *Store) List(ctx context.Context, f Filter) ([]Parked, error) { return nil, nil }

// Get returns one entry with Raw; NotFound when there is none of that id.
func (s *Store) Get(ctx context.Context, id string) (Parked, error) { return Parked{}, nil }

// Count returns how many entries there are per resource and rule.
func (s *Store) Count(ctx context.Context) (map[datarun.ResourceCode]map[datarun.Rule]int, error) {
	return nil, nil
}
