package lookup

import (
	"context"
	"strings"
	"sync"
	"time"

	"datarun"
	"datarun/warehouse"
)

// Row is an answer.
type Row struct {
	Key   string
	Found bool
	// Data is a JSON object of the items that were asked for, in the entry's order, null where there is no value:
	// decimals as strings with all digits of their scale, dates as YYYY-MM-DD, times as RFC 3339 at +08:00. Nil when not found.
	Data    []byte
	Time    time.Time // as-of: when the hub published the record
	Version uint64    // see datarun.Version
}

// Options says how to look up. The zero value of every field has a default.
type Options struct {
	Keys    int           // most keys of one query, default 1,024
	Timeout time.Duration // longest time of one query, default 10 s
}

// MaxKeys is the most keys of one Get, and MaxList the most rows of one List.
const (
	MaxKeys = 10_000
	MaxList = 10_000
)

// Lookup reads current rows. It is safe for concurrent use.
type Lookup struct {
	db      *warehouse.DB
	options Options

	mu    sync.Mutex
	lanes map[string]*lane
}

// New makes a Lookup on db.
func New(db *warehouse.DB, o Options) *Lookup {
	if o.Keys == 0 {
		o.Keys = 1024
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	return &Lookup{db: db, options: o, lanes: map[string]*lane{}}
}

// Get returns a row for each key, in the order of the keys, with Found false where there is none. No items means all.
// Invalid: an item that the entry does not have, or more than MaxKeys keys. NotFound: the resource has no table yet.
// Unavailable: ctx ended or the server is away.
func (l *Lookup) Get(ctx context.Context, res *datarun.Resource, items []datarun.ItemName, keys []string) ([]Row, error) {
	shape, err := newShape(l.db.Database(), res, items)
	if err != nil {
		return nil, err
	}
	if len(keys) > MaxKeys {
		return nil, datarun.Errorf(datarun.Invalid, "lookup", "%d keys, want at most %d", len(keys), MaxKeys)
	}
	if len(keys) == 0 {
		return nil, nil
	}
	c := &call{ctx: ctx, keys: keys, rows: make([]Row, len(keys)), done: make(chan struct{})}
	l.join(shape, c)
	select {
	case <-c.done:
		if c.err != nil {
			return nil, c.err
		}
		return c.rows, nil
	case <-ctx.Done():
		return nil, datarun.Errorf(datarun.Unavailable, "lookup", "%w", ctx.Err())
	}
}

// List returns up to limit current rows whose keys come after after, in the order of the keys' bytes, and the key to go
// on after; next is empty when there are no more. It runs by itself, not gathered with others.
func (l *Lookup) List(ctx context.Context, res *datarun.Resource, items []datarun.ItemName, after string, limit int) (rows []Row, next string, err error) {
	shape, err := newShape(l.db.Database(), res, items)
	if err != nil {
		return nil, "", err
	}
	if limit < 1 || limit > MaxList {
		return nil, "", datarun.Errorf(datarun.Invalid, "lookup: list", "limit %d, want 1 to %d", limit, MaxList)
	}
	ctx, cancel := context.WithTimeout(ctx, l.options.Timeout)
	defer cancel()
	rows, err = shape.list(ctx, l.db, after, limit+1)
	if err != nil {
		return nil, "", datarun.Wrap("lookup: list "+string(res.Code), err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		next = rows[limit-1].Key
	}
	return rows, next, nil
}

// join puts the call into the lane of its shape, and starts the lane when nothing runs there.
func (l *Lookup) join(s *shape, c *call) {
	id := s.id()
	l.mu.Lock()
	defer l.mu.Unlock()
	if have := l.lanes[id]; have != nil {
		have.waiting = append(have.waiting, c)
		return
	}
	made := &lane{shape: s, waiting: []*call{c}}
	l.lanes[id] = made
	go l.run(id, made)
}

// id tells lanes apart: same table, same columns.
func (s *shape) id() string {
	var b strings.Builder
	b.WriteString(s.table)
	for _, e := range s.exprs {
		b.WriteByte(0)
		b.WriteString(e)
	}
	return b.String()
}
