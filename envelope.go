package datarun

import (
	"strings"
	"time"
)

// Envelope is a record that passed the check: what is published, and what is landed.
type Envelope struct {
	Resource ResourceCode
	Key      string // see JoinKey
	Op       Op
	Value    []byte    // the record's JSON object; nil for a Delete
	ID       string    // unique per Source; CloudEvents id
	Source   string    // where it came from, e.g. "connector/housing/house" or "push/<agency>"; CloudEvents source
	Time     time.Time // when the hub took it; CloudEvents time
	Schema   int       // version of the entry it was checked against
}

// JoinKey makes the key of a record from the texts of its key items, in the entry's order: joined by '|', where a '|'
// or '\' inside a value is preceded by '\'. So a single plain item is its own key, and no two value lists collide.
func JoinKey(values ...string) string {
	if len(values) == 1 && !strings.ContainsAny(values[0], `|\`) {
		return values[0]
	}
	var b strings.Builder
	for i, v := range values {
		if i > 0 {
			b.WriteByte('|')
		}
		for j := 0; j < len(v); j++ {
			if v[j] == '|' || v[j] == '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(v[j])
		}
	}
	return b.String()
}

// Version orders the envelopes of one key: generation<<48 | offset of the Kafka record that carries it. The larger is
// the newer. The log is the truth: no number of the source takes part.
func Version(generation uint16, offset int64) uint64 { return uint64(generation)<<48 | uint64(offset) }
