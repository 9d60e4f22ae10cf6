package quarantine

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"datarun"
	"datarun/exchange"
)

// Parked is a record in quarantine.
type Parked struct {
	ID       string               `json:"id"` // set by Park: see function ID
	Resource datarun.ResourceCode `json:"resource"`
	Source   string               `json:"source"` // as in Envelope.Source
	Fault    datarun.Fault        `json:"fault"`
	Op       datarun.Op           `json:"op"`
	Time     time.Time            `json:"time"`          // when it was parked; set by Park when zero
	Raw      []byte               `json:"raw,omitempty"` // the record's JSON, or the raw row as a JSON string; List leaves it out
}

// event is what stands in the topic: the state of a record, keyed by its id. Other states will follow.
type event struct {
	State string `json:"state"`
	Parked
}

const stateParked = "parked"

// Config sets how a Store works. The zero value of a field means its default.
type Config struct {
	Index int // entries held in memory for List, the newest; default 50,000, some 20 MB
}

// Store parks records. It is safe for concurrent use.
type Store struct {
	log     *exchange.Log
	reading sync.Mutex // one reader at a time moves the index on

	mu    sync.Mutex
	index index
	next  int64 // offset up to which the topic is in the index
}

// Open makes sure that the topic exists and reads it to make the index.
func Open(ctx context.Context, c *exchange.Cluster, cfg Config) (*Store, error) {
	if cfg.Index == 0 {
		cfg.Index = 50_000
	}
	l, err := exchange.OpenLog(ctx, c, exchange.TopicQuarantine)
	if err != nil {
		return nil, datarun.Wrap("quarantine", err)
	}
	s := &Store{log: l, index: newIndex(cfg.Index)}
	if s.next, err = l.Start(ctx); err != nil {
		return nil, datarun.Wrap("quarantine", err)
	}
	return s, s.refresh(ctx)
}

// refresh reads on to the end of the topic, so that what other hubs parked is there too.
func (s *Store) refresh(ctx context.Context) error {
	s.reading.Lock()
	defer s.reading.Unlock()
	s.mu.Lock()
	from := s.next
	s.mu.Unlock()
	err := s.log.Read(ctx, from, func(offset int64, _ time.Time, value []byte) error {
		var e event
		err := json.Unmarshal(value, &e)
		s.mu.Lock()
		defer s.mu.Unlock()
		if err == nil && e.State == stateParked && e.ID != "" {
			e.Raw = nil
			s.index.add(entry{Parked: e.Parked, offset: offset})
		}
		s.next = offset + 1
		return nil
	})
	return datarun.Wrap("quarantine", err)
}

// ID derives the id of a record from where it came from, the resource and its bytes, so that a replay parks nothing
// twice. It is 32 hex digits and says nothing about the record.
func ID(source string, resource datarun.ResourceCode, raw []byte) string {
	h := sha256.New()
	for _, part := range [][]byte{[]byte(source), []byte(resource), raw} {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:])
		h.Write(part)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// parkBytes is how much is written at once. A parked record may be larger by itself, up to what the topic takes.
const parkBytes = 512 << 10

// Park writes records and returns nil when all are durable: only then may the source's position move on. Records that
// are in quarantine already are left as they are. Raw is cut to 1 MiB.
func (s *Store) Park(ctx context.Context, records []Parked) error {
	var values [][]byte
	size := 0
	flush := func() error {
		if len(values) == 0 {
			return nil
		}
		_, err := s.log.Append(ctx, values...)
		values, size = values[:0], 0
		return datarun.Wrap("quarantine", err)
	}
	for i := range records {
		value, err := s.encode(&records[i])
		if err != nil {
			return err
		}
		if value == nil {
			continue
		}
		if size+len(value) > parkBytes {
			if err := flush(); err != nil {
				return err
			}
		}
		values, size = append(values, value), size+len(value)
	}
	return flush()
}

// encode returns the event of a record, nil when it is parked already.
func (s *Store) encode(p *Parked) ([]byte, error) {
	e := event{State: stateParked, Parked: *p}
	e.ID = ID(e.Source, e.Resource, e.Raw)
	s.mu.Lock()
	known := s.index.has(e.ID)
	s.mu.Unlock()
	if known {
		return nil, nil
	}
	if len(e.Raw) > datarun.MaxRecord {
		e.Raw = e.Raw[:datarun.MaxRecord]
	}
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	e.Time = e.Time.UTC().Truncate(time.Millisecond)
	value, err := json.Marshal(&e)
	if err != nil {
		return nil, datarun.Errorf(datarun.Internal, "quarantine", "%w", err)
	}
	return value, nil
}

// Filter chooses entries. The zero value of a field does not restrict.
type Filter struct {
	Resource datarun.ResourceCode
	Source   string
	Rule     datarun.Rule
	Before   string // id of an entry: only older ones, for the next page
	Limit    int    // most entries returned; default 100, at most 1000
}

// List returns entries, newest first, without Raw. It knows the newest ones only, as many as Config.Index says.
func (s *Store) List(ctx context.Context, f Filter) ([]Parked, error) {
	if f.Limit <= 0 {
		f.Limit = 100
	}
	f.Limit = min(f.Limit, 1000)
	if err := s.refresh(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.index.list(f)
}

// errFound ends a read that has found what it looked for.
var errFound = datarun.Errorf(datarun.Internal, "quarantine", "found")

// Get returns one entry with Raw; NotFound when there is none of that id among the newest.
func (s *Store) Get(ctx context.Context, id string) (Parked, error) {
	if err := s.refresh(ctx); err != nil {
		return Parked{}, err
	}
	s.mu.Lock()
	at, ok := s.index.offset(id)
	s.mu.Unlock()
	if !ok {
		return Parked{}, datarun.Errorf(datarun.NotFound, "quarantine", "no entry of that id")
	}
	var e event
	err := s.log.Read(ctx, at, func(_ int64, _ time.Time, value []byte) error {
		if err := json.Unmarshal(value, &e); err != nil {
			return datarun.Errorf(datarun.Corrupt, "quarantine", "offset %d is not an entry", at)
		}
		return errFound
	})
	if err != nil && !errors.Is(err, errFound) {
		return Parked{}, datarun.Wrap("quarantine", err)
	}
	return e.Parked, nil
}

// Count returns how many records were parked per resource and rule.
func (s *Store) Count(ctx context.Context) (map[datarun.ResourceCode]map[datarun.Rule]int, error) {
	if err := s.refresh(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.index.counts(), nil
}
