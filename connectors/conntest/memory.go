package conntest

import (
	"context"
	"encoding/json"
	"sync"

	"datarun"
	"datarun/connectors"
)

// MemoryStream is the one stream of a Memory: rows with an item "id" that is their key.
var MemoryStream = connectors.Stream{Name: "rows", Object: "rows", Key: []datarun.ItemName{"id"}}

// Memory is a source in memory: a log of changes to rows that have a key item "id". It notes what it is asked. Make one
// with NewMemory; its methods may be called from any goroutine.
type Memory struct {
	// Prune makes it forget what was acked, like a system whose log is cut: reading on from before an ack is then an
	// error. A host that acks too early cannot recover from a crash, and this shows it.
	Prune bool
	// Batch is how many records it emits at once. Default 3.
	Batch int
	// OnBatch, if set, is called before each batch with the number of its first change; its error ends the Read.
	OnBatch func(at int) error

	mu    sync.Mutex
	log   []change
	acked int
	reads int
}

// change is one entry of the log.
type change struct {
	Op   datarun.Op      `json:"op"`
	Data json.RawMessage `json:"data"`
}

// NewMemory makes a Memory that holds rows.
func NewMemory(rows ...string) *Memory {
	m := &Memory{}
	m.Upsert(rows...)
	return m
}

// Upsert adds rows, JSON objects with an item "id", or gives them new values.
func (m *Memory) Upsert(rows ...string) { m.add(datarun.Upsert, rows) }

// Delete deletes rows; the item "id" is enough.
func (m *Memory) Delete(rows ...string) { m.add(datarun.Delete, rows) }

func (m *Memory) add(op datarun.Op, rows []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range rows {
		m.log = append(m.log, change{Op: op, Data: json.RawMessage(r)})
	}
}

// Rows is what it holds now, in no order.
func (m *Memory) Rows() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return rowsOf(m.log)
}

// Acked is how many changes were acked.
func (m *Memory) Acked() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.acked
}

// Reads is how many times Read was called.
func (m *Memory) Reads() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.reads
}

// Connector makes sources of this memory. It has no settings.
func (m *Memory) Connector() connectors.Connector {
	return connectors.Connector{
		Name: "memory", Summary: "rows in memory, for tests", Title: "内存数据源（测试用）", Help: "It has no settings.",
		New: func(settings json.RawMessage) (connectors.Source, error) {
			if err := strict("memory settings", settings, &struct{}{}); err != nil {
				return nil, err
			}
			return m.Source(), nil
		},
	}
}

// Source is a source of this memory.
func (m *Memory) Source() connectors.Source { return &reference{log: m} }

func (m *Memory) since(_ context.Context, at int) ([]change, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Prune && at < m.acked {
		return nil, datarun.Errorf(datarun.Corrupt, "memory", "the log is pruned up to %d, cannot read on from %d", m.acked, at)
	}
	if at > len(m.log) {
		return nil, datarun.Errorf(datarun.Corrupt, "memory", "position %d is after the end", at)
	}
	return append([]change(nil), m.log[at:]...), nil
}

func (m *Memory) note(reads, acked int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads += reads
	m.acked = max(m.acked, acked)
}

func (m *Memory) batch() int { return m.Batch }

func (m *Memory) before(at int) error {
	if m.OnBatch == nil {
		return nil
	}
	return m.OnBatch(at)
}

// rowsOf folds a log into its rows.
func rowsOf(log []change) []string {
	t := table{}
	for _, c := range log {
		_ = t.apply(datarun.Record{Op: c.Op, Data: c.Data}, MemoryStream.Key)
	}
	var rows []string
	for _, text := range t {
		rows = append(rows, text)
	}
	return rows
}
