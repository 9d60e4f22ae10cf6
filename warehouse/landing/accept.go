package landing

import (
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"datarun"
)

// chunk is how many bytes of messages are charged and decoded at a time, so that a delivery may be larger than the
// budget and an insert may take what is there.
const chunk = 1 << 20

// overhead is charged for each row on top of key and value: the hub's own columns, and nulls.
const overhead = 64

// blocks are kept for reuse: their buffers have grown to the size that a batch needs.
var blocks = sync.Pool{New: func() any { return new(block) }}

// Accept takes a delivery: it decodes the messages, has the unreadable ones put into quarantine, and leaves the rest to
// Run, which calls the delivery's Commit once all of it is on disk. It blocks while the memory budget is used up. It may
// be called concurrently for different partitions, and for one partition in the log's order.
//
// An error means that the delivery is not taken, or only in part, and will not be committed: hand it over again, and
// none after it before that. NotFound: SetResource was not called. Unavailable: ctx ended, or the server refuses the
// resource's rows for a reason that time alone does not heal (Stats has it); rows that were taken before stay, are tried
// again, and land when the reason is gone.
func (l *Landing) Accept(ctx context.Context, d datarun.Delivery) error {
	r := l.resource(d.Resource)
	if r == nil {
		return datarun.Errorf(datarun.NotFound, "landing", "%s has no table yet", d.Resource)
	}
	p := r.partition(d.Partition)
	messages := d.Messages
	for len(messages) > 0 {
		if err := r.error(); err != nil && datarun.KindOf(err) != datarun.Unavailable {
			return datarun.Errorf(datarun.Unavailable, "landing", "%s stands still: %w", d.Resource, err)
		}
		n, bytes := measure(messages)
		charged, err := l.budget.acquire(ctx, bytes, l.signal)
		if err != nil {
			return datarun.Errorf(datarun.Unavailable, "landing", "waiting for memory: %w", err)
		}
		faults := l.decode(r, p, &d, messages[:n], charged)
		if err := l.refuse(ctx, r, &d, faults); err != nil {
			return err
		}
		messages = messages[n:]
	}
	l.finish(r, p, &d)
	return nil
}

// measure says how many of the messages make a chunk, at least one, and what they are charged.
func measure(messages []datarun.Message) (n int, bytes int64) {
	for n < len(messages) && bytes < chunk {
		bytes += int64(len(messages[n].Key) + len(messages[n].Value) + overhead)
		n++
	}
	return n, bytes
}

// bad is a message that is no row.
type bad struct {
	message *datarun.Message
	fault   *datarun.Fault
}

// decode appends the messages to the partition's open block.
func (l *Landing) decode(r *resource, p *partition, d *datarun.Delivery, messages []datarun.Message, charged int64) []bad {
	p.mu.Lock()
	defer p.mu.Unlock()
	var faults []bad
	b := p.block(r.layout.Load(), l.options.Rows, d.Partition)
	b.charged += charged
	before := b.rows
	for i := range messages {
		if fault := p.decoder.decode(b, &messages[i], d.Generation, d.Partition); fault != nil {
			faults = append(faults, bad{&messages[i], fault})
		}
	}
	if n := len(messages); n > 0 && messages[n-1].Time.After(b.asOf) {
		b.asOf = messages[n-1].Time
	}
	if r.arrived(b.rows-before, l.options.Rows) {
		l.signal()
	}
	return faults
}

// block returns the block to append to. A full one, or one of another layout, is put aside.
func (p *partition) block(want *layout, rows, number int) *block {
	if p.open != nil && (p.open.layout != want || p.open.rows >= rows) {
		p.full = append(p.full, p.open)
		p.open = nil
	}
	if p.open == nil {
		p.open = blocks.Get().(*block)
		p.open.reset(want)
		p.open.partition = number
	}
	if p.layout != want {
		p.layout = want
		p.decoder.use(want)
	}
	return p.open
}

// finish attaches the delivery's commit to what is pending, behind all its rows.
func (l *Landing) finish(r *resource, p *partition, d *datarun.Delivery) {
	p.mu.Lock()
	p.block(r.layout.Load(), math.MaxInt, d.Partition).commit = d.Commit
	p.mu.Unlock()
	if r.arrived(0, l.options.Rows) {
		l.signal()
	}
}

// refusals is how many messages of one delivery go into quarantine at the same time.
const refusals = 16

// refuse puts the messages into quarantine, each until it succeeded or ctx ended.
func (l *Landing) refuse(ctx context.Context, r *resource, d *datarun.Delivery, faults []bad) error {
	if len(faults) == 0 {
		return nil
	}
	if l.options.Refuse == nil {
		f := faults[0]
		return datarun.Errorf(datarun.Invalid, "landing", "%s partition %d offset %d: %s %s, and there is no quarantine", r.code, d.Partition, f.message.Offset, f.fault.Rule, f.fault.Item)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(refusals)
	for _, f := range faults {
		g.Go(func() error { return l.refuseOne(ctx, r, d, f) })
	}
	return g.Wait()
}

func (l *Landing) refuseOne(ctx context.Context, r *resource, d *datarun.Delivery, f bad) error {
	for wait := l.options.Retry; ; wait = min(2*wait, maxBackoff) {
		err := l.options.Refuse(ctx, r.code, d.Generation, d.Partition, *f.message, *f.fault)
		if err == nil {
			r.refused.Add(1)
			return nil
		}
		l.options.Logger.Warn("quarantine does not take a message", "resource", r.code, "error", err, "next_try_in", wait)
		if !sleep(ctx, wait) {
			return datarun.Errorf(datarun.Unavailable, "landing", "waiting for the quarantine: %w", ctx.Err())
		}
	}
}

// sleep waits, and reports false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
