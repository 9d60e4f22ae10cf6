package conntest

import (
	"encoding/json"
	"testing"
	"time"

	"datarun"
	"datarun/connectors"
)

// Fixture is a source that is ready to be read, and what is known about it.
type Fixture struct {
	Connector connectors.Connector
	Settings  json.RawMessage // of Connector.New; a JSON object
	// Stream is one that works. Its Key says which records are the same row; without one every record is its own row.
	Stream connectors.Stream
	// Missing is a stream whose object is not there. Default: Stream with Object "no_such_object".
	Missing connectors.Stream

	// Rows is what the stream holds now, one JSON object per row, in any order. Values are compared as text, so 1 and "1"
	// are the same; a null is the same as an absent item.
	Rows func(t testing.TB) []string
	// Faults is how many records of a full read carry a Fault; they are not in Rows.
	Faults int

	// Insert, Update and Delete each change one row at the source, so that Rows is another afterwards. They are called
	// more than once. Nil: the source cannot show such a change.
	Insert, Update, Delete func(t testing.TB)

	// Reset brings the source back to its first state; it is called before each property. Nil: properties may follow
	// each other, since acking makes this source forget nothing.
	Reset func(t testing.TB)

	// Patience is how long a change at the source may take to be read; a safety window for late commits must fit in.
	// Default 30 s.
	Patience time.Duration

	// Waits says that Read stays and waits for news instead of returning nil.
	Waits bool

	// Spawn is an executable with arguments that serves the connector over the wire; Self makes one of the test binary.
	// Nil: the connector is not run as a process.
	Spawn []string
}

// Run runs every property on the fixture's connector: in-process, over the wire, and as a process.
func Run(t *testing.T, f Fixture) {
	t.Helper()
	if f.Missing.Object == "" {
		f.Missing = f.Stream
		f.Missing.Object = "no_such_object"
	}
	if f.Patience == 0 {
		f.Patience = 30 * time.Second
	}
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			if way.name == "process" && len(f.Spawn) == 0 {
				t.Skip("the fixture has no executable to spawn")
			}
			for _, p := range properties {
				t.Run(p.name, func(t *testing.T) {
					if p.needs != nil && !p.needs(f) {
						t.Skip("the fixture cannot show this")
					}
					if f.Reset != nil {
						f.Reset(t)
					}
					p.check(&trial{T: t, Fixture: f, open: way.open})
				})
			}
		})
	}
}

// trial is one property on trial in one way.
type trial struct {
	*testing.T
	Fixture
	open func(t *testing.T, f Fixture, settings json.RawMessage) (connectors.Source, error)
}

// source opens the fixture's source and closes it when the property is through.
func (t *trial) source() connectors.Source {
	t.Helper()
	s, err := t.open(t.T, t.Fixture, t.Settings)
	if err != nil {
		t.Fatalf("open the source: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the source: %v", err)
		}
	})
	return s
}

// invalid fails unless err is Invalid and names the culprit.
func (t *trial) invalid(err error, culprit string) {
	t.Helper()
	if err == nil || datarun.KindOf(err) != datarun.Invalid || !contains(err.Error(), culprit) {
		t.Errorf("got %v, want an Invalid error that names %q", err, culprit)
	}
}
