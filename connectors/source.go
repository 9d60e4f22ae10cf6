package connectors

import (
	"context"
	"encoding/json"

	"datarun"
)

// Source is a system that records are read from. The package comment gives the call sequence.
type Source interface {
	// Check looks at everything that Read will need, stream by stream, and says what works and what does not. Findings
	// are in the report; the error is for a check that could not be made at all.
	Check(ctx context.Context, streams []Stream) (Report, error)

	// Discover drafts a catalogue entry for each table, file or endpoint it finds. Drafts are for a person to complete:
	// code, provider and share class are left empty.
	Discover(ctx context.Context) ([]Draft, error)

	// Read emits the stream's records after position, in order, and returns nil when there are no more for now. The host
	// calls it again after the stream's poll interval, with the position of a batch it was given. A source that can wait
	// for news itself may stay in Read as long as it likes. emit must not be called after Read returned; the batch
	// belongs to the host from then on and must not be touched again.
	Read(ctx context.Context, stream Stream, position datarun.Position, emit func(datarun.Batch) error) error

	// Ack says that everything up to position is durable in the hub and that the hub will never ask for an earlier one.
	// Only now may the source forget: delete a file, advance a replication slot. It must be idempotent.
	Ack(ctx context.Context, stream Stream, position datarun.Position) error

	// Close ends the source. Running calls have returned before.
	Close() error
}

// Stream is one table, file pattern or endpoint of a source, feeding one resource.
type Stream struct {
	Name     string               `json:"name"`     // unique within the source, [a-z0-9_-]+
	Resource datarun.ResourceCode `json:"resource"` // what it feeds
	Object   string               `json:"object"`   // table, file glob or path, as the connector's settings document it
	// Options are the connector's own per-stream settings as a JSON object, strict keys; nil for none.
	Options json.RawMessage `json:"options,omitempty"`
	// Items are the entry's items. A source hands over these and no others, shapes values by their types (attaches its
	// zone to a T without one) and leaves judging them to the hub. Empty: hand over everything as it is.
	Items []datarun.Item `json:"items,omitempty"`
	// Key are the entry's key items. Sources read in this order where they can choose.
	Key []datarun.ItemName `json:"key,omitempty"`
}

// Report is what a check found, most basic first: connection, then each stream.
type Report struct {
	Findings []Finding `json:"findings"`
}

// OK reports whether no finding is a failure.
func (r Report) OK() bool {
	for _, f := range r.Findings {
		if f.Level == Fail {
			return false
		}
	}
	return true
}

// Finding is one line of a report.
type Finding struct {
	Level  Level  `json:"level"`
	Stream string `json:"stream,omitempty"` // empty when it is about the source as a whole
	What   string `json:"what"`             // what was looked at: "connect", "table", "cursor", "deletes"
	Detail string `json:"detail"`           // what was found, and what to do about it
}

// Level grades a finding.
type Level string

// The levels.
const (
	Pass Level = "pass" // works
	Warn Level = "warn" // works, with a limit the steward should know: no deletes without a soft-delete column
	Fail Level = "fail" // does not work
)

// Draft is a proposal for a catalogue entry, from what the source says about an object.
type Draft struct {
	Object string             `json:"object"` // to be used as Stream.Object
	Title  string             `json:"title,omitempty"`
	Items  []datarun.Item     `json:"items"`
	Key    []datarun.ItemName `json:"key,omitempty"`
	// Options proposes the stream's options, e.g. the cursor column.
	Options json.RawMessage `json:"options,omitempty"`
}

// Connector is one kind of system: a name, what can be set, and how to make a source of it.
type Connector struct {
	Name    string // "postgres"; [a-z0-9]+
	Summary string // one line for listings, English
	Title   string // one line for listings, Chinese
	// Help documents settings and options in Markdown: every key with its type, unit, default and an example.
	Help string
	// New makes a source from its settings, a JSON object with strict keys. It does no I/O; a wrong setting is an
	// Invalid error that names the key.
	New func(settings json.RawMessage) (Source, error)
}
