package files

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"datarun"
	"datarun/connectors"
)

// Connector is the drop folder connector, for the list of built-in ones.
var Connector = connectors.Connector{
	Name:    "files",
	Summary: "CSV, xlsx and JSON lines files from a drop folder, each read once",
	Title:   "文件投放目录（CSV、Excel、JSON 行）",
	Help:    help,
	New:     New,
}

// New makes a source from settings; see Connector.Help. It does no I/O.
func New(raw json.RawMessage) (connectors.Source, error) {
	s, err := readSettings(raw)
	if err != nil {
		return nil, err
	}
	return &source{settings: s, streams: make(map[string]*state)}, nil
}

type source struct {
	settings settings

	mu      sync.Mutex // guards streams, each state, and moves
	streams map[string]*state
}

// state is what a stream knows beyond its position, and may forget: it only saves waiting and asking twice.
type state struct {
	seen    map[fileName]sighting
	offered map[identity]bool // ended files that a batch of this process told the hub of
	moved   map[identity]bool // ended files that an ack put away during the current read
	acked   chan struct{}     // gets a token after each ack
}

// sighting is since when a file is known to be as it is.
type sighting struct {
	identity
	since time.Time
}

func (s *source) state(stream string) *state {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.streams[stream]
	if st == nil {
		st = &state{offered: make(map[identity]bool), moved: make(map[identity]bool), acked: make(chan struct{}, 1)}
		s.streams[stream] = st
	}
	return st
}

// Ack implements connectors.Source: it moves the files that position says are read to the end.
func (s *source) Ack(ctx context.Context, stream connectors.Stream, position datarun.Position) error {
	m, err := decodeMark(position)
	if err != nil || len(m.Done) == 0 {
		return err
	}
	f, err := openFolder(&s.settings)
	if err != nil {
		return err
	}
	defer f.Close()
	st := s.state(stream.Name)
	s.mu.Lock()
	defer s.mu.Unlock()
	var failures error
	for _, e := range m.Done {
		if err := ctx.Err(); err != nil {
			return err
		}
		delete(st.offered, e.identity)
		if err := f.move(e); err != nil {
			failures = errors.Join(failures, err)
			continue
		}
		st.moved[e.identity] = true
	}
	select {
	case st.acked <- struct{}{}:
	default:
	}
	return datarun.Wrap("files: ack", failures)
}

// Close implements connectors.Source.
func (s *source) Close() error { return nil }

// stamp makes the part of a name that tells it from an earlier one: the file's time, and a number from the second try on.
func stamp(mtime int64, n int) string {
	at := time.Unix(0, mtime).In(datarun.China).Format("20060102-150405")
	if n > 1 {
		return fmt.Sprintf("%s-%d", at, n)
	}
	return at
}

// isCancel reports an error that says the context ended.
func isCancel(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
