package app

import (
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"datarun"
	"datarun/exchange"
	"datarun/exchange/check"
)

// flow is how the records of one resource move now: its entry, its topic, its check.
type flow struct {
	resource *datarun.Resource
	version  int
	topic    string
	checkers sync.Pool // of *check.Checker: one per goroutine at work
	counts   flowCounts
}

// flowCounts are the books of one resource since the process started: read = published + quarantined.
type flowCounts struct {
	read, published, quarantined atomic.Int64
}

// newFlow compiles an entry; Invalid when it cannot be checked against. counts of an earlier version go on.
func newFlow(res *datarun.Resource, version int) (*flow, error) {
	first, err := check.New(res)
	if err != nil {
		return nil, err
	}
	f := &flow{resource: res, version: version, topic: exchange.ShareTopic(res.Code, res.Generation)}
	f.checkers.New = func() any { return first.Clone() }
	return f, nil
}

// flows are the flows by resource: what can be published now.
type flows struct {
	mu      sync.RWMutex
	m       map[datarun.ResourceCode]*flow
	changed chan struct{} // closed at the next change; nil while nobody waits
}

// change returns a channel that is closed when a flow comes, goes or changes.
func (fs *flows) change() <-chan struct{} {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.changed == nil {
		fs.changed = make(chan struct{})
	}
	return fs.changed
}

// tell wakes those who wait for a change; mu is held.
func (fs *flows) tell() {
	if fs.changed != nil {
		close(fs.changed)
		fs.changed = nil
	}
}

func (fs *flows) get(code datarun.ResourceCode) *flow {
	fs.mu.RLock()
	defer fs.mu.RUnlock()
	return fs.m[code]
}

// resource is the entry of a flow, nil when there is none.
func (fs *flows) resource(code datarun.ResourceCode) *datarun.Resource {
	if f := fs.get(code); f != nil {
		return f.resource
	}
	return nil
}

func (fs *flows) put(f *flow) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.m == nil {
		fs.m = map[datarun.ResourceCode]*flow{}
	}
	if old := fs.m[f.resource.Code]; old != nil {
		f.counts.read.Store(old.counts.read.Load())
		f.counts.published.Store(old.counts.published.Load())
		f.counts.quarantined.Store(old.counts.quarantined.Load())
	}
	fs.m[f.resource.Code] = f
	fs.tell()
}

func (fs *flows) drop(code datarun.ResourceCode) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	delete(fs.m, code)
	fs.tell()
}

func (fs *flows) all() []*flow {
	fs.mu.RLock()
	defer fs.mu.RUnlock()
	out := make([]*flow, 0, len(fs.m))
	for _, f := range fs.m {
		out = append(out, f)
	}
	return out
}

// check seals the good records as envelopes and says what is wrong with the others. Keys and ids are cut from one
// string each, so that a batch costs two allocations and not two per record.
func (f *flow) check(source string, records []datarun.Record) ([]datarun.Envelope, map[int]datarun.Fault) {
	checker := f.checkers.Get().(*check.Checker)
	defer f.checkers.Put(checker)
	var faults map[int]datarun.Fault
	envs := make([]datarun.Envelope, 0, len(records))
	keys, ids := make([]byte, 0, 24*len(records)), make([]byte, 0, 24*len(records))
	type span struct{ key, id int }
	spans := make([]span, 0, len(records))
	base, now := batchID(), time.Now()
	for i := range records {
		rec := &records[i]
		grown, fault := checker.Record(rec, keys)
		if fault != nil {
			if faults == nil {
				faults = map[int]datarun.Fault{}
			}
			faults[i] = *fault
			continue
		}
		keys = grown
		ids = strconv.AppendInt(append(ids, base...), int64(i), 10)
		spans = append(spans, span{len(keys), len(ids)})
		env := datarun.Envelope{Resource: f.resource.Code, Op: rec.Op, Source: source, Time: now, Schema: f.version}
		if rec.Op != datarun.Delete {
			env.Value = rec.Data
		}
		envs = append(envs, env)
	}
	allKeys, allIDs := string(keys), string(ids)
	var from span
	for i, to := range spans {
		envs[i].Key, envs[i].ID = allKeys[from.key:to.key], allIDs[from.id:to.id]
		from = to
	}
	return envs, faults
}
