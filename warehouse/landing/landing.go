package landing

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"datarun"
	"datarun/warehouse"
)

// Options says how to land. The zero value of every field but Refuse has a default.
type Options struct {
	Rows    int           // most rows of one insert, default 200,000
	Bytes   int64         // most bytes decoded and not yet on disk, over all resources, default 96 MiB
	Idle    time.Duration // a small insert starts when nothing came for so long, default 50 ms; in a load four times that
	Delay   time.Duration // and after so long in any case, default 300 ms; in a load four times that
	Inserts int           // inserts at the same time, over all resources, default 2
	Retry   time.Duration // first wait before a failed insert is tried again, default 200 ms, doubling to 2 s
	// Refuse puts a message that cannot be a row into quarantine. It must have done so when it returns nil: then the
	// message counts as landed. An error is retried. It may be called by several goroutines.
	Refuse func(ctx context.Context, code datarun.ResourceCode, generation uint16, partition int, m datarun.Message, fault datarun.Fault) error
	Logger *slog.Logger // nil: silent
}

func (o *Options) complete() {
	o.Rows = or(o.Rows, 200_000)
	o.Bytes = or(o.Bytes, 96<<20)
	o.Idle = or(o.Idle, 50*time.Millisecond)
	o.Delay = or(o.Delay, 300*time.Millisecond)
	o.Inserts = or(o.Inserts, 2)
	o.Retry = or(o.Retry, 200*time.Millisecond)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

func or[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}

// maxBackoff bounds the wait between two tries of the same thing.
const maxBackoff = 2 * time.Second

// Landing takes deliveries of any number of resources. Accept and Run are used at the same time.
type Landing struct {
	db      *warehouse.DB
	options Options
	budget  *budget
	wake    chan struct{} // something may be due

	mu        sync.Mutex
	resources map[datarun.ResourceCode]*resource
}

// New makes a landing that writes to db. Nothing is written until Run runs.
func New(db *warehouse.DB, o Options) *Landing {
	o.complete()
	return &Landing{db: db, options: o, budget: newBudget(o.Bytes), wake: make(chan struct{}, 1),
		resources: map[datarun.ResourceCode]*resource{}}
}

// SetResource tells the items of a resource, before its first delivery and whenever the entry changes. The table must
// have them already: call schema.Apply first.
func (l *Landing) SetResource(r *datarun.Resource) error {
	layout, err := newLayout(r, l.db.Database())
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if have := l.resources[r.Code]; have != nil {
		have.layout.Store(layout)
		return nil
	}
	made := &resource{code: r.Code, partitions: map[int]*partition{}}
	made.layout.Store(layout)
	l.resources[r.Code] = made
	return nil
}

func (l *Landing) resource(code datarun.ResourceCode) *resource {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.resources[code]
}

// signal tells the scheduler to look.
func (l *Landing) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Stats says how far each resource is.
func (l *Landing) Stats() []Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]Stats, 0, len(l.resources))
	for _, r := range l.resources {
		all = append(all, r.stats())
	}
	return all
}

// Pending is how many bytes are decoded and not yet on disk.
func (l *Landing) Pending() int64 { return l.budget.taken() }
