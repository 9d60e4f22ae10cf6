package restapi

import (
	"context"
	"encoding/json"
	"hash/maphash"
	"sync"

	"datarun"
	"datarun/connectors"
)

// Connector is the JSON API connector, for the list of built-in ones.
var Connector = connectors.Connector{
	Name:    "restapi",
	Summary: "records of a JSON API over HTTP, paged by page, offset, token or time",
	Title:   "HTTP 接口（分页 JSON）",
	Help:    help,
	New:     New,
}

// New makes a source from settings; see Connector.Help. It does no I/O.
func New(raw json.RawMessage) (connectors.Source, error) {
	s, err := readSettings(raw)
	if err != nil {
		return nil, err
	}
	return &source{settings: s, seed: maphash.MakeSeed(), memories: make(map[string]*memory)}, nil
}

type source struct {
	settings settings
	seed     maphash.Seed

	mu       sync.Mutex // guards what follows
	opened   *client
	memories map[string]*memory // by stream
}

// memory is what mode since knows beyond its position and may forget: the records of the last round, to tell which of an
// overlap are news. It holds for one position only, since a hub that reads on from another may have lost some of them.
type memory struct {
	position string
	records  map[uint64]struct{}
}

// maxMemory bounds the records that are known again.
const maxMemory = 100_000

// client makes the client at first use: the certificates may have to be read from a file.
func (s *source) client() (*client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opened == nil {
		c, err := newClient(&s.settings)
		if err != nil {
			return nil, err
		}
		s.opened = c
	}
	return s.opened, nil
}

func (s *source) recall(stream string, position datarun.Position) map[uint64]struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.memories[stream]
	if m == nil || m.position != string(position) {
		return nil
	}
	return m.records
}

func (s *source) remember(stream string, position datarun.Position, records map[uint64]struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.memories[stream] = &memory{string(position), records}
}

// Ack implements connectors.Source. A service is not told what was taken, so there is nothing to do.
func (s *source) Ack(_ context.Context, stream connectors.Stream, position datarun.Position) error {
	o, err := readOptions(stream)
	if err != nil {
		return err
	}
	_, err = decodeMark(position, o.Mode)
	return err
}

// Close implements connectors.Source.
func (s *source) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opened != nil {
		s.opened.close()
	}
	return nil
}
