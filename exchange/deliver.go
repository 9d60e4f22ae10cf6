package exchange

import (
	"context"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"

	"datarun"
)

// String names the partition in errors.
func (p place) String() string { return fmt.Sprintf("topic %s partition %d", p.topic, p.partition) }

// deliver hands the waiting deliveries of p to the handler, one after the other, until there are none.
func (f *fetcher) deliver(p *part) {
	for {
		f.mu.Lock()
		if len(p.queue) == 0 || f.stopping {
			p.working = false
			f.drop(p)
			f.ready(p)
			f.schedule()
			f.mu.Unlock()
			return
		}
		d := p.queue[0]
		p.queue = p.queue[1:]
		f.ready(p)
		f.schedule()
		f.mu.Unlock()

		err := f.handle(f.ctx, datarun.Delivery{
			Resource: p.resource, Generation: p.generation, Partition: int(p.partition), Messages: d.messages,
			Commit: func(ctx context.Context) error { return f.commit(ctx, p.place, d.next) },
		})
		f.mu.Lock()
		f.flight -= d.bytes
		if err == nil {
			p.wait.next = 0
		} else if f.ctx.Err() == nil {
			f.failed(p, d, err)
		}
		f.mu.Unlock()
	}
}

// drop forgets what waits to be delivered. f.mu is held.
func (f *fetcher) drop(p *part) {
	for _, d := range p.queue {
		f.flight -= d.bytes
	}
	p.queue = nil
}

// failed deals with a handler's error: what is away for now is delivered again, everything else ends Run. f.mu is held.
func (f *fetcher) failed(p *part, d delivery, err error) {
	if datarun.KindOf(err) != datarun.Unavailable {
		p.dead = true
		f.drop(p)
		f.fail(err)
		return
	}
	f.s.c.cfg.Log.Warn("subscribe: handler cannot work for now; delivering again", "topic", p.topic, "partition", p.partition, "offset", d.first, "error", err)
	f.drop(p)
	p.next = d.first
	p.turn++
	f.pause(p)
}

// pause leaves p alone for a while, longer each time. f.mu is held.
func (f *fetcher) pause(p *part) {
	if p.resting || f.stopping {
		return
	}
	p.resting = true
	d := p.wait.step()
	f.fetches.Go(func() {
		pause(f.fctx, d)
		f.mu.Lock()
		defer f.mu.Unlock()
		p.resting = false
		f.ready(p)
		f.schedule()
	})
}

// rest pauses partitions that could not be asked for, and has their leaders looked up again.
func (f *fetcher) rest(parts []*part, err error) {
	if f.fctx.Err() == nil {
		f.s.c.cfg.Log.Warn("subscribe: cannot fetch", "topic", parts[0].topic, "partition", parts[0].partition, "partitions", len(parts), "error", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range parts {
		f.s.c.meta.forget(p.topic)
		p.fetching = false
		f.pause(p)
	}
}

// refused deals with a broker's error about one partition.
func (f *fetcher) refused(p *part, from int64, code kafka.Error) {
	if code != kafka.OffsetOutOfRange {
		f.rest([]*part{p}, codeError(int16(code)))
		return
	}
	err := f.s.c.outOfRange(f.fctx, p.place, from)
	if datarun.KindOf(err) != datarun.Corrupt {
		f.rest([]*part{p}, err)
		return
	}
	f.mu.Lock()
	p.fetching, p.dead = false, true
	f.mu.Unlock()
	f.stand(p, err)
}

// outOfRange says what the log holds instead of an offset that was asked for. When the offset is there after all, the
// leader has only just changed, and the error is Unavailable.
func (c *Cluster) outOfRange(ctx context.Context, p place, offset int64) error {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	starts, err := c.listOffsets(ctx, []place{p}, atStart)
	if err != nil {
		return err
	}
	ends, err := c.listOffsets(ctx, []place{p}, atEnd)
	if err != nil {
		return err
	}
	if start, end := starts[p], ends[p]; offset < start || offset > end {
		return datarun.Errorf(datarun.Corrupt, p.String(), "offset %d is not in the log, which holds %d to %d: it was trimmed or made anew; nothing is skipped until a person decides", offset, start, end)
	}
	return datarun.Errorf(datarun.Unavailable, p.String(), "offset %d is out of range at one broker and within at another", offset)
}

// stand reports a partition that stands still.
func (f *fetcher) stand(p *part, err error) {
	f.s.c.cfg.Log.Error("subscribe: partition stands still", "topic", p.topic, "partition", p.partition, "error", err)
	if f.s.cfg.OnFault == nil {
		f.fail(err)
		return
	}
	f.s.cfg.OnFault(p.topic, int(p.partition), err)
}

// commit stores the next offset of p for the group, trying again while Kafka is away.
func (f *fetcher) commit(ctx context.Context, p place, next int64) error {
	ctx, cancel := context.WithTimeout(ctx, f.s.c.cfg.Timeout)
	defer cancel()
	wait := backOff{first: 20 * time.Millisecond, most: time.Second}
	for {
		err := f.s.c.commit(ctx, f.member, p, next)
		if datarun.KindOf(err) != datarun.Unavailable || err == nil || !wait.sleep(ctx) {
			return datarun.Wrap("commit "+p.String(), err)
		}
	}
}
