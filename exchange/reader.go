package exchange

import (
	"context"
	"time"

	"github.com/segmentio/kafka-go"

	"datarun"
)

// readBytes is what one fetch of a log or table asks for.
const readBytes = 1 << 20

// read fetches one run of records of a partition from offset from on, waiting up to wait for the first, and the offset
// where the log ended then.
func (c *Cluster) read(ctx context.Context, p place, from int64, wait time.Duration) (r run, end int64, err error) {
	leader, err := c.leader(ctx, p.topic, int(p.partition))
	if err != nil {
		return r, 0, err
	}
	gots, err := c.fetch(ctx, leader, []want{{topic: p.topic, partition: p.partition, offset: from, bytes: readBytes}}, readBytes, wait)
	if err == nil && len(gots) != 1 {
		err = datarun.Errorf(datarun.Unavailable, p.String(), "fetch brought %d partitions instead of one", len(gots))
	}
	if err != nil {
		c.meta.forget(p.topic)
		return r, 0, err
	}
	g := &gots[0]
	if g.code == int16(kafka.OffsetOutOfRange) {
		return r, 0, c.outOfRange(ctx, p, from)
	}
	if g.code != 0 {
		c.meta.forget(p.topic)
		return r, 0, datarun.Wrap(p.String(), codeError(g.code))
	}
	if r, err = decodeRun(g.records, from, g.aborted); err != nil {
		return r, 0, datarun.Errorf(datarun.Corrupt, p.String(), "%w", err)
	}
	return r, g.end, nil
}

// follow calls fn for every message from offset from on. It ends at offset until, or never when until is negative; while
// Kafka is away it tries again, for the cluster's timeout or, when it never ends, for as long as ctx lasts.
func (c *Cluster) follow(ctx context.Context, p place, from, until int64, fn func(m *datarun.Message) error) error {
	wait := backOff{first: 20 * time.Millisecond, most: time.Second}
	since := time.Now()
	for until < 0 || from < until {
		r, end, err := c.read(ctx, p, from, time.Second)
		if err == nil && r.next == from && end > from {
			err = datarun.Errorf(datarun.Unavailable, p.String(), "offset %d of %d does not come", from, end)
		}
		switch {
		case err == nil:
			wait.next, since = 0, time.Now()
		case ctx.Err() != nil:
			return kindOf(ctx.Err())
		case datarun.KindOf(err) != datarun.Unavailable || until >= 0 && time.Since(since) > c.cfg.Timeout:
			return err
		default:
			wait.sleep(ctx)
			continue
		}
		for i := range r.messages {
			if m := &r.messages[i]; until < 0 || m.Offset < until {
				if err := fn(m); err != nil {
					return err
				}
			}
		}
		from = r.next
	}
	return nil
}

// bounds returns the first offset of a partition and the next one to be written.
func (c *Cluster) bounds(ctx context.Context, p place) (start, end int64, err error) {
	starts, err := c.listOffsets(ctx, []place{p}, atStart)
	if err != nil {
		return 0, 0, err
	}
	ends, err := c.listOffsets(ctx, []place{p}, atEnd)
	return starts[p], ends[p], err
}
