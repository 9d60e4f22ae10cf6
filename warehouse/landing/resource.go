package landing

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"datarun"
)

// Stats is what has been landed of a resource since the start.
type Stats struct {
	Resource datarun.ResourceCode
	Rows     int64     // rows on disk, tombstones included
	Refused  int64     // messages put into quarantine
	Batches  int64     // inserts
	Bytes    int64     // bytes of the rows on disk, as sent
	Retries  int64     // inserts that had to be tried again
	Pending  int64     // rows decoded and not yet on disk
	Last     time.Time // when the last insert was on disk
	AsOf     time.Time // log time of the newest row on disk
	Err      error     // why the resource stopped; nil while it goes on
}

// resource is the state of one resource.
type resource struct {
	code   datarun.ResourceCode
	layout atomic.Pointer[layout]

	rows, refused, batches, bytes, retries, pending atomic.Int64
	last, asOf                                      atomic.Int64 // Unix milliseconds

	// tickets puts the commits of inserts that overlap into the order in which their blocks were taken.
	tickets tickets

	mu         sync.Mutex
	partitions map[int]*partition
	err        error
	epoch      uint64    // counts the stops: what was taken before one is never committed after it
	first      time.Time // when the oldest pending message came; zero when there is none
	latest     time.Time // when the newest came
}

// partition is the part of a resource that comes in order.
type partition struct {
	mu      sync.Mutex
	decoder decoder
	layout  *layout // what the decoder is ready for
	open    *block  // being filled; nil when there is none
	full    []*block
}

func (r *resource) stats() Stats {
	s := Stats{Resource: r.code, Rows: r.rows.Load(), Refused: r.refused.Load(), Batches: r.batches.Load(), Bytes: r.bytes.Load(),
		Retries: r.retries.Load(), Pending: r.pending.Load(), Err: r.error()}
	if ms := r.last.Load(); ms > 0 {
		s.Last = time.UnixMilli(ms)
	}
	if ms := r.asOf.Load(); ms > 0 {
		s.AsOf = time.UnixMilli(ms)
	}
	return s
}

func (r *resource) partition(n int) *partition {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.partitions[n]
	if p == nil {
		p = &partition{}
		r.partitions[n] = p
	}
	return p
}

func (r *resource) error() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// end begins a new epoch: stopped with err, or going on afresh with nil.
func (r *resource) end(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
	r.epoch++
}

func (r *resource) isEpoch(epoch uint64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.epoch == epoch
}

// arrived notes that rows, or a commit, are pending, and reports whether the scheduler has to know: it knows the time
// of the first, and looks when that has come.
func (r *resource) arrived(rows, most int) bool {
	now := time.Now()
	pending := r.pending.Add(int64(rows))
	r.mu.Lock()
	defer r.mu.Unlock()
	isFirst := r.first.IsZero()
	if isFirst {
		r.first = now
	}
	r.latest = now
	return isFirst || pending >= int64(most)
}

// due is when the next insert of the resource should start; zero when nothing is pending.
func (r *resource) due(o *Options, pressed bool) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.first.IsZero() {
		return time.Time{}
	}
	if pressed || r.pending.Load() >= int64(o.Rows) {
		return r.first
	}
	due := r.latest.Add(o.Idle)
	if latest := r.first.Add(o.Delay); latest.Before(due) {
		return latest
	}
	return due
}

// take removes up to about most rows of pending blocks of one layout, each partition's in order, and gives them a
// ticket. The blocks of a partition that is being decoded into are waited for.
func (r *resource) take(most int) job {
	r.mu.Lock()
	j := job{resource: r, epoch: r.epoch}
	all := make([]*partition, 0, len(r.partitions))
	for _, p := range r.partitions {
		all = append(all, p)
	}
	r.first = time.Time{}
	r.mu.Unlock()
	rows, left := 0, false
	for _, p := range all {
		p.mu.Lock()
		for _, b := range p.pendingBlocks() {
			if (len(j.blocks) > 0 && b.layout != j.blocks[0].layout) || rows >= most {
				left = true
				break
			}
			p.pop(b)
			j.blocks = append(j.blocks, b)
			rows += b.rows
		}
		p.mu.Unlock()
	}
	r.pending.Add(-int64(rows))
	if left {
		r.mu.Lock()
		r.first = time.Now().Add(-time.Hour) // due at once
		r.mu.Unlock()
	}
	j.ticket = r.tickets.issue()
	return j
}

func (p *partition) pendingBlocks() []*block {
	if p.open == nil {
		return p.full
	}
	return append(p.full[:len(p.full):len(p.full)], p.open)
}

func (p *partition) pop(b *block) {
	if b == p.open {
		p.open = nil
		return
	}
	p.full = p.full[1:]
}

// tickets hands out turns.
type tickets struct {
	mu     sync.Mutex
	issued uint64
	served uint64
	waits  map[uint64]chan struct{}
}

func (t *tickets) issue() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.issued++
	return t.issued
}

// wait returns when every earlier ticket is done.
func (t *tickets) wait(ctx context.Context, ticket uint64) error {
	t.mu.Lock()
	if t.served+1 == ticket {
		t.mu.Unlock()
		return nil
	}
	if t.waits == nil {
		t.waits = map[uint64]chan struct{}{}
	}
	turn := make(chan struct{})
	t.waits[ticket] = turn
	t.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// done lets the next ticket go. It is called by the ticket whose turn it is.
func (t *tickets) done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.served++
	if turn := t.waits[t.served+1]; turn != nil {
		delete(t.waits, t.served+1)
		close(turn)
	}
}
