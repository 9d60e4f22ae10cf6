package sqltable

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"datarun"
)

// Session is one connection to the database, used by one Read at a time. Its errors carry a Kind.
type Session interface {
	// Begin opens a read-only transaction in which the table stands still; End ends it. Where Scan works in pages they
	// may do nothing.
	Begin(ctx context.Context) error
	End(ctx context.Context) error
	// Bounds returns the largest value of the plan's cursor column, and the time at the database.
	Bounds(ctx context.Context, p *Plan) (top Value, now time.Time, err error)
	// Scan feeds the query's rows to the sink. An error of the sink ends it and is returned.
	Scan(ctx context.Context, p *Plan, q Query, sink *Sink) error
}

// Reader reads streams through the phases. The zero value is ready; it is safe for concurrent use, one Read per stream
// at a time.
type Reader struct {
	mu      sync.Mutex
	windows map[string]*window
	now     func() time.Time // tests move it
	limit   int              // tests lower it from maxSeen
}

// window is what a Reader remembers of a stream between Reads. It holds only as long as every Read goes on from the
// position emitted last: from an earlier one, what was emitted after it may be lost and must come again.
type window struct {
	tag        string
	prev, next *seen
	limit      int       // of each set
	began      time.Time // at the database, when the running pass began
}

// renew begins a new pass.
func (w *window) renew() { w.next = &seen{limit: w.limit} }

var (
	tagBase    = strconv.FormatInt(time.Now().UnixNano(), 36)
	tagCounter atomic.Uint64
)

func newTag() string { return tagBase + "." + strconv.FormatUint(tagCounter.Add(1), 36) }

func (r *Reader) window(stream, tag string) *window {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.windows == nil {
		r.windows = map[string]*window{}
	}
	w := r.windows[stream]
	if w == nil || w.tag != tag || tag == "" {
		w = &window{limit: r.limit}
		if r.limit == 0 {
			w.limit = maxSeen
		}
		w.renew()
		r.windows[stream] = w
	}
	return w
}

func (r *Reader) clock() time.Time {
	if r.now != nil {
		return r.now()
	}
	return time.Now()
}

// Read emits everything after the position: the rest of a snapshot that is due or under way, then the changes.
func (r *Reader) Read(ctx context.Context, s Session, p *Plan, raw datarun.Position, emit func(datarun.Batch) error) error {
	pos, err := parsePosition(raw, p)
	if err != nil {
		return err
	}
	run := &pass{Plan: p, session: s, emit: emit, window: r.window(p.Stream.Name, pos.Tag), pos: pos}
	every := p.fullEvery()
	if pos.Phase == changes && len(pos.After) == 0 && every > 0 && r.clock().Sub(pos.Full) >= every {
		run.pos = position{Phase: snapshot, Key: pos.Key, Cursor: pos.Cursor}
	}
	err = run.all(ctx, r.clock())
	if run.sink != nil && run.sink.failed != nil {
		return run.sink.failed
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// pass is one Read: it carries the position forward.
type pass struct {
	*Plan
	session Session
	emit    func(datarun.Batch) error
	window  *window
	pos     position
	sink    *Sink
}

func (r *pass) all(ctx context.Context, now time.Time) error {
	if r.pos.Phase == snapshot {
		if r.pos.Full.IsZero() {
			r.pos.Full = now.UTC().Truncate(time.Second)
			r.window.renew()
			r.window.prev, r.window.began = nil, time.Time{}
		}
		if err := r.snapshot(ctx); err != nil {
			return err
		}
	}
	if r.Cursor < 0 {
		return nil
	}
	return r.changes(ctx)
}

// position encodes where the running pass stands, and ties the window to it. A key with a NULL in it is no place to go
// on from: nothing compares with it, so the place before stands.
func (r *pass) position(after []Value) datarun.Position {
	if !anyNull(after) {
		r.pos.After = after
	}
	r.pos.Tag = newTag()
	r.window.tag = r.pos.Tag
	return r.pos.encode()
}

func (r *pass) newSink(order []int) *Sink {
	r.sink = &Sink{Order: order, plan: r.Plan, emit: r.emit, position: r.position, paged: r.Table.Blocks && r.Unique, low: r.before(r.pos.Top)}
	if r.Cursor >= 0 {
		r.sink.skip, r.sink.collect = r.window.prev, r.window.next
	}
	return r.sink
}

// within runs a pass over the table inside a transaction.
func (r *pass) within(ctx context.Context, scan func(context.Context) error) error {
	if err := r.session.Begin(ctx); err != nil {
		return err
	}
	err := scan(ctx)
	if end := r.session.End(context.WithoutCancel(ctx)); err == nil {
		err = end
	}
	return err
}

// snapshot reads the rest of the table in key order. The cursor's high-water mark is taken inside the transaction and
// before the first row, and stays the same however often the snapshot is resumed: whatever changes after it, the
// changes phase finds.
func (r *pass) snapshot(ctx context.Context) error {
	err := r.within(ctx, func(ctx context.Context) error {
		if r.Cursor >= 0 && len(r.pos.After) == 0 && r.pos.Top.IsNull() {
			if err := r.bounds(ctx); err != nil {
				return err
			}
		}
		r.newSink(r.Key).skip = nil
		return r.scan(ctx, r.snapshotQuery)
	})
	if err != nil {
		return err
	}
	r.pos.Phase = changes
	r.conclude()
	return r.sink.send(r.position(nil))
}

// scan runs the query, again after each page where the table is read in pages.
func (r *pass) scan(ctx context.Context, query func(after []Value) Query) error {
	after := r.pos.After
	for {
		q := query(after)
		if r.sink.paged {
			q.SQL += " LIMIT " + strconv.Itoa(pageRows)
		}
		if err := r.session.Scan(ctx, r.Plan, q, r.sink); err != nil {
			return err
		}
		var err error
		if after, err = r.sink.turn(); err != nil || after == nil {
			return err
		}
	}
}

func (r *pass) bounds(ctx context.Context) error {
	top, now, err := r.session.Bounds(ctx, r.Plan)
	if err != nil {
		return err
	}
	r.pos.Top = r.cap(top, now)
	r.window.began = now
	return nil
}

// conclude makes a finished pass the one that the next looks back on.
func (r *pass) conclude() {
	w := r.window
	r.pos.Mark, r.pos.Top = r.pos.Top, Value{}
	r.pos.Closed = w.next.overflow && r.passed(r.pos.Mark, w.began)
	w.prev = w.next
	w.renew()
}

// changes reads once by cursor and key. It emits nothing, and moves nothing, when all that it read is in the window.
func (r *pass) changes(ctx context.Context) error {
	resumed := len(r.pos.After) > 0
	err := r.within(ctx, func(ctx context.Context) error {
		if !resumed {
			r.window.renew()
			if err := r.bounds(ctx); err != nil || r.pos.Top.IsNull() {
				return err
			}
		}
		r.newSink(append([]int{r.Cursor}, r.Key...))
		low, strict := r.low()
		return r.scan(ctx, func(after []Value) Query { return r.changesQuery(low, strict, after) })
	})
	if err != nil || r.pos.Top.IsNull() || r.sink.idle() && !resumed {
		return err
	}
	r.conclude()
	return r.sink.send(r.position(nil))
}

// low is where changes are looked for from: the window before the last mark, or where the table was set back to an
// older state before its own. When the window has closed, strictly above the mark.
func (r *pass) low() (Value, bool) {
	mark := r.pos.Mark
	if mark.IsNull() {
		return Value{}, false
	}
	if r.less(r.pos.Top, mark) {
		return r.before(r.pos.Top), false
	}
	if r.pos.Closed {
		return mark, true
	}
	return r.before(mark), false
}
