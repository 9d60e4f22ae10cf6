package landing

import (
	"context"
	"time"

	"datarun"
)

// job is one insert: blocks of one layout, and whether they are on disk.
type job struct {
	resource *resource
	blocks   []*block
	rows     int
	onDisk   bool // guarded by resource.mu
}

func (j *job) add(b *block) {
	j.blocks = append(j.blocks, b)
	j.rows += b.rows
}

// land writes one insert, and then commits, in that order. When the server refuses, the insert waits for another try
// with all its rows, and the worker is free for other resources.
func (l *Landing) land(ctx context.Context, j *job) {
	err := l.write(ctx, j)
	switch {
	case ctx.Err() != nil: // the end; what is not committed is read again
	case err != nil:
		l.failed(j, err)
	default:
		l.finished(ctx, j)
	}
	l.signal()
}

func (l *Landing) write(ctx context.Context, j *job) error {
	if j.rows == 0 {
		return nil
	}
	rows := make([]*block, 0, len(j.blocks))
	for _, b := range j.blocks {
		if b.rows > 0 {
			rows = append(rows, b)
		}
	}
	return insert(ctx, l.db, rows)
}

// failed puts the insert aside until its next try.
func (l *Landing) failed(j *job, err error) {
	r := j.resource
	r.retries.Add(1)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running--
	if now := time.Now(); now.After(r.retryAt) { // else an insert beside this one failed just before
		r.wait = min(max(2*r.wait, l.options.Retry), maxBackoff)
		r.retryAt = now.Add(r.wait)
	}
	r.failed = append(r.failed, j)
	level := l.options.Logger.Warn
	if datarun.KindOf(err) != datarun.Unavailable {
		level = l.options.Logger.Error
	}
	level("insert failed", "resource", r.code, "rows", j.rows, "error", err, "next_try_in", r.wait)
	r.err = err
}

// finished notes that the insert is on disk, and commits it and those after it that waited for it.
func (l *Landing) finished(ctx context.Context, j *job) {
	r := j.resource
	r.landed(j)
	r.turn.Lock()
	defer r.turn.Unlock()
	for _, done := range r.committable(j) {
		l.commit(ctx, done)
		l.free(done.blocks)
	}
}

// committable marks j and removes the inserts that are on disk and have none before them that is not.
func (r *resource) committable(j *job) []*job {
	r.mu.Lock()
	defer r.mu.Unlock()
	j.onDisk = true
	r.running--
	if j.rows > 0 {
		r.err, r.wait, r.retryAt = nil, 0, time.Now()
	}
	n := 0
	for n < len(r.started) && r.started[n].onDisk {
		n++
	}
	done := r.started[:n]
	r.started = append([]*job(nil), r.started[n:]...)
	return done
}

func (r *resource) landed(j *job) {
	if j.rows == 0 {
		return
	}
	for _, b := range j.blocks {
		r.bytes.Add(int64(b.size()))
		if ms := b.asOf.UnixMilli(); b.rows > 0 && ms > r.asOf.Load() {
			r.asOf.Store(ms)
		}
	}
	r.rows.Add(int64(j.rows))
	r.batches.Add(1)
	r.last.Store(time.Now().UnixMilli())
}

// commit calls the last commit of each partition.
func (l *Landing) commit(ctx context.Context, j *job) {
	for i, b := range j.blocks {
		if b.commit != nil && !j.hasLater(i) {
			l.commitBlock(ctx, j.resource, b)
		}
	}
}

// commitBlock tries a few times. When that fails the rows are safe all the same: a later commit covers this one, or a
// restart reads them again.
func (l *Landing) commitBlock(ctx context.Context, r *resource, b *block) {
	for try, wait := 0, l.options.Retry; ; try, wait = try+1, min(2*wait, maxBackoff) {
		err := b.commit(ctx)
		if err == nil || datarun.KindOf(err) == datarun.Conflict || ctx.Err() != nil {
			return
		}
		if datarun.KindOf(err) != datarun.Unavailable || try == 3 {
			l.options.Logger.Warn("commit failed", "resource", r.code, "partition", b.partition, "error", err)
			return
		}
		if !sleep(ctx, wait) {
			return
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

// free gives memory back.
func (l *Landing) free(done []*block) {
	for _, b := range done {
		l.budget.release(b.charged)
		b.commit = nil
		blocks.Put(b)
	}
}
