package landing

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"datarun"
)

// job is one insert.
type job struct {
	resource *resource
	blocks   []*block
	ticket   uint64
	epoch    uint64
}

// Run inserts what Accept takes, until ctx ends. What is not on disk then is not committed and will be read again.
func (l *Landing) Run(ctx context.Context) error {
	workers := new(errgroup.Group)
	free := make(chan struct{}, l.options.Inserts)
	l.schedule(ctx, func(r *resource) {
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			return
		}
		// Blocks are taken only now: while all workers were busy they grew.
		j := r.take(l.options.Rows)
		workers.Go(func() error {
			defer func() { <-free }()
			l.land(ctx, j)
			return nil
		})
	})
	return workers.Wait()
}

// schedule hands out every resource that is due, the most urgent first, until ctx ends.
func (l *Landing) schedule(ctx context.Context, start func(*resource)) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
		case <-timer.C:
		}
		for ctx.Err() == nil {
			r, due := l.mostUrgent()
			if r == nil {
				break
			}
			if wait := time.Until(due); wait > 0 {
				timer.Reset(wait)
				break
			}
			start(r)
		}
	}
}

func (l *Landing) mostUrgent() (*resource, time.Time) {
	pressed := l.budget.pressed()
	l.mu.Lock()
	defer l.mu.Unlock()
	var urgent *resource
	var soonest time.Time
	for _, r := range l.resources {
		if due := r.due(&l.options, pressed); !due.IsZero() && (urgent == nil || due.Before(soonest)) {
			urgent, soonest = r, due
		}
	}
	return urgent, soonest
}

// land writes one insert and then commits, in that order, and after the commits of earlier inserts of the resource.
func (l *Landing) land(ctx context.Context, j job) {
	defer l.free(j.blocks)
	err := l.persist(ctx, j)
	if j.resource.tickets.wait(ctx, j.ticket) != nil {
		return // the end: nothing may be committed any more
	}
	defer j.resource.tickets.done()
	switch {
	case ctx.Err() != nil:
	case err != nil:
		l.stop(j.resource, err)
	case j.resource.isEpoch(j.epoch): // else an earlier insert failed for good, and its offsets must not be passed
		l.commit(ctx, j)
	}
}

// persist inserts until it succeeds. Only an error that time will not heal is returned, and the end of ctx.
func (l *Landing) persist(ctx context.Context, j job) error {
	withRows := make([]*block, 0, len(j.blocks))
	rows, bytes := 0, 0
	asOf := time.Time{}
	for _, b := range j.blocks {
		if b.rows == 0 {
			continue
		}
		withRows = append(withRows, b)
		rows += b.rows
		bytes += b.size()
		if b.asOf.After(asOf) {
			asOf = b.asOf
		}
	}
	if rows == 0 {
		return nil
	}
	for wait := l.options.Retry; ; wait = min(2*wait, maxBackoff) {
		err := insert(ctx, l.db, withRows)
		if err == nil {
			break
		}
		if datarun.KindOf(err) != datarun.Unavailable || ctx.Err() != nil {
			return err
		}
		j.resource.retries.Add(1)
		l.options.Logger.Warn("insert failed, trying again", "resource", j.resource.code, "rows", rows, "error", err, "next_try_in", wait)
		if !sleep(ctx, wait) {
			return ctx.Err()
		}
	}
	j.resource.landed(rows, bytes, asOf)
	return nil
}

func (r *resource) landed(rows, bytes int, asOf time.Time) {
	r.rows.Add(int64(rows))
	r.bytes.Add(int64(bytes))
	r.batches.Add(1)
	r.last.Store(time.Now().UnixMilli())
	if ms := asOf.UnixMilli(); ms > r.asOf.Load() {
		r.asOf.Store(ms)
	}
}

// commit calls the last commit of each partition.
func (l *Landing) commit(ctx context.Context, j job) {
	for i, b := range j.blocks {
		if b.commit == nil || j.hasLater(i) {
			continue
		}
		for try, wait := 0, l.options.Retry; ; try, wait = try+1, min(2*wait, maxBackoff) {
			err := b.commit(ctx)
			if err == nil || datarun.KindOf(err) == datarun.Conflict || ctx.Err() != nil {
				break
			}
			if datarun.KindOf(err) != datarun.Unavailable || try == 3 {
				// The rows are safe; a later commit covers this one, or a restart reads them again.
				l.options.Logger.Warn("commit failed", "resource", j.resource.code, "error", err)
				break
			}
			if !sleep(ctx, wait) {
				return
			}
		}
	}
}

// hasLater reports whether a later block of the same partition has a commit that covers that of block i.
func (j *job) hasLater(i int) bool {
	for _, b := range j.blocks[i+1:] {
		if b.partition == j.blocks[i].partition && b.commit != nil {
			return true
		}
	}
	return false
}

// stop ends a resource: its error is shown by Stats and returned by Accept.
func (l *Landing) stop(r *resource, err error) {
	if r.error() == nil {
		l.options.Logger.Error("landing stopped", "resource", r.code, "error", err)
	}
	r.end(err)
	l.drop(r)
}

// drop forgets the pending blocks of a resource. They are not committed, so they will be read again.
func (l *Landing) drop(r *resource) {
	r.mu.Lock()
	all := make([]*partition, 0, len(r.partitions))
	for _, p := range r.partitions {
		all = append(all, p)
	}
	r.first = time.Time{}
	r.mu.Unlock()
	for _, p := range all {
		p.mu.Lock()
		gone := p.pendingBlocks()
		p.open, p.full = nil, nil
		p.mu.Unlock()
		for _, b := range gone {
			r.pending.Add(-int64(b.rows))
		}
		l.free(gone)
	}
}

// free gives memory back.
func (l *Landing) free(done []*block) {
	for _, b := range done {
		l.budget.release(b.charged)
		b.commit = nil
		blocks.Put(b)
	}
}
