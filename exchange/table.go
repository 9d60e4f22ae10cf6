package exchange

import (
	"bytes"
	"context"
	"sync"

	"datarun"
)

// Table is a compacted topic of one partition read as a map: the newest value of every key, all held in memory.
// It is safe for concurrent use.
type Table struct {
	c    *Cluster
	at   place
	sink *sink

	writing sync.RWMutex // held for reading by Set, for writing by trim

	mu    sync.Mutex // of what follows
	rows  map[string]row
	next  int64 // offset up to which the topic was read
	start int64 // offset of the oldest record kept, about
	last  int64 // offset of the newest record seen

	refreshing sync.Mutex
}

// row is a value and the offset that it came from; a nil value was deleted.
type row struct {
	value  []byte
	offset int64
}

// OpenTable makes sure that the topic exists and loads it.
func OpenTable(ctx context.Context, c *Cluster, topic string) (*Table, error) {
	if err := c.EnsureTopic(ctx, Topic{Name: topic, Partitions: 1, Compact: true}); err != nil {
		return nil, datarun.Wrap("table", err)
	}
	t := &Table{
		c: c, at: place{topic: topic}, rows: map[string]row{},
		sink: newLane(c, DefaultCompression, 1_000_000, 1).sink(topic, 0),
	}
	start, _, err := c.bounds(ctx, t.at)
	if err != nil {
		return nil, datarun.Wrap("table "+topic, err)
	}
	t.start, t.next = start, start
	if err := t.Refresh(ctx); err != nil {
		return nil, err
	}
	return t, t.trim(ctx)
}

// Set writes the value of key and returns nil when it is acknowledged; a nil value deletes the key. Get sees it then.
// Concurrent calls share a produce request.
func (t *Table) Set(ctx context.Context, key string, value []byte) error {
	t.writing.RLock()
	value = bytes.Clone(value)
	j := &job{n: 1, add: func(b *batch, _ int) { add(b, key, true, value, noHeaders) }}
	err := t.sink.put(ctx, j)
	t.writing.RUnlock()
	if err != nil {
		return datarun.Wrap("table", err)
	}
	t.mu.Lock()
	t.put(key, value, j.offset)
	t.mu.Unlock()
	return t.trim(ctx)
}

// put takes in what is newer than what is known. t.mu is held.
func (t *Table) put(key string, value []byte, offset int64) {
	if old, ok := t.rows[key]; ok && old.offset > offset {
		return
	}
	t.rows[key] = row{value: value, offset: offset}
	t.last = max(t.last, offset)
}

// Get returns the value of key, which must not be changed, and whether there is one. It sees what this table has set and
// what was there at the last Refresh.
func (t *Table) Get(key string) ([]byte, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.rows[key]
	return r.value, r.value != nil
}

// Refresh reads on to the end of the topic, so that Get sees what other hubs have set until now.
func (t *Table) Refresh(ctx context.Context) error {
	t.refreshing.Lock()
	defer t.refreshing.Unlock()
	_, end, err := t.c.bounds(ctx, t.at)
	if err != nil {
		return datarun.Wrap("table", err)
	}
	t.mu.Lock()
	from := t.next
	t.mu.Unlock()
	err = t.c.follow(ctx, t.at, from, end, func(m *datarun.Message) error {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.put(string(m.Key), bytes.Clone(m.Value), m.Offset)
		return nil
	})
	if err != nil {
		return datarun.Wrap("table", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.next = max(t.next, end)
	// What was deleted need be remembered only while an older value could still be read.
	for key, r := range t.rows {
		if r.value == nil && r.offset < t.next {
			delete(t.rows, key)
		}
	}
	return nil
}

// Keys returns the keys in no order.
func (t *Table) Keys() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	keys := make([]string, 0, len(t.rows))
	for key, r := range t.rows {
		if r.value != nil {
			keys = append(keys, key)
		}
	}
	return keys
}
