package exchange

import "context"

// Table is a compacted topic of one partition read as a map: the newest value of every key, all held in memory.
// It is safe for concurrent use.
type Table struct{}

// OpenTable makes sure that the topic exists and loads it.
func OpenTable(ctx context.Context, c *Cluster, topic string) (*Table, error) { return &Table{}, nil }

// Set writes the value of key and returns nil when it is acknowledged; a nil value deletes the key. Get sees it then.
func (t *Table) Set(ctx context.Context, key string, value []byte) error { return nil }

// Get returns the value of key, which must not be changed, and whether there is one. It sees what this table has set and
// what was there at the last Refresh.
func (t *Table) Get(key string) ([]byte, bool) { return nil, false }

// Refresh reads on to the end of the topic, so that Get sees what other hubs have set until now.
func (t *Table) Refresh(ctx context.Context) error { return nil }

// Keys returns the keys in no order.
func (t *Table) Keys() []string { return nil }
