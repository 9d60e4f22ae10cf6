package landing

import (
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
	Err      error     // of the last insert; nil when it succeeded. With another Kind than Unavailable a person is needed
}

// resource is the state of one resource.
type resource struct {
	code   datarun.ResourceCode
	layout atomic.Pointer[layout]

	rows, refused, batches, bytes, retries, pending atomic.Int64
	last, asOf                                      atomic.Int64 // Unix milliseconds

	turn sync.Mutex // held while commits are called, so that they keep their order

	mu         sync.Mutex
	partitions map[int]*partition
	started    []*job        // inserts that are not committed, in the order in which their blocks were taken
	failed     []*job        // those of started that wait for another try
	running    int           // those of started that are being written
	err        error         // of the last try, nil when it succeeded
	wait       time.Duration // back-off
	retryAt    time.Time
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

// due is when the next insert of the resource should start; zero when nothing is pending. After a failure one insert at
// a time is tried, and nothing new is started: it would fail too.
func (r *resource) due(o *Options, pressed bool) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.err != nil && r.running > 0:
		return time.Time{}
	case len(r.failed) > 0:
		return r.retryAt
	case r.first.IsZero():
		return time.Time{}
	case pressed || r.pending.Load() >= int64(o.Rows):
		return r.first
	}
	idle, delay := o.Idle, o.Delay
	if r.pending.Load() >= bulk {
		// A load: every insert is a part that has to be synced and merged, so it may grow while more comes.
		idle, delay = 4*idle, 4*delay
	}
	due := r.latest.Add(idle)
	if latest := r.first.Add(delay); latest.Before(due) {
		return latest
	}
	return due
}

// bulk is how many pending rows tell a load from a trickle.
const bulk = 5_000

// next is the insert to start: one that failed, else what is pending. One goroutine calls it. It never holds the lock of
// the resource and that of a partition together.
func (r *resource) next(most int) *job {
	r.mu.Lock()
	r.running++
	if len(r.failed) > 0 {
		j := r.failed[0]
		r.failed = r.failed[1:]
		r.mu.Unlock()
		return j
	}
	all := make([]*partition, 0, len(r.partitions))
	for _, p := range r.partitions {
		all = append(all, p)
	}
	r.first = time.Time{}
	r.mu.Unlock()
	j := &job{resource: r}
	left := false
	for _, p := range all {
		left = p.take(j, most) || left
	}
	r.pending.Add(-int64(j.rows))
	r.mu.Lock()
	defer r.mu.Unlock()
	if left {
		r.first = time.Now().Add(-time.Hour) // due at once
	}
	r.started = append(r.started, j)
	return j
}

// take moves up to about most rows of pending blocks of j's layout into j, in order, and reports whether it left some. It
// waits while the partition is being decoded into.
func (p *partition) take(j *job, most int) (left bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, b := range p.pendingBlocks() {
		if (len(j.blocks) > 0 && b.layout != j.blocks[0].layout) || j.rows >= most {
			return true
		}
		p.pop(b)
		j.add(b)
	}
	return false
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
