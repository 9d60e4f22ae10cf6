package exchange

import (
	"context"
	"time"

	"datarun"
)

// Log is an append-only topic of one partition, kept for ever. It is safe for concurrent use.
type Log struct {
	c    *Cluster
	at   place
	sink *sink
}

// OpenLog makes sure that the topic exists with one partition and returns it.
func OpenLog(ctx context.Context, c *Cluster, topic string) (*Log, error) {
	if err := c.EnsureTopic(ctx, Topic{Name: topic, Partitions: 1}); err != nil {
		return nil, datarun.Wrap("log", err)
	}
	return &Log{c: c, at: place{topic: topic}, sink: newLane(c, DefaultCompression, 1_000_000, 1).sink(topic, 0)}, nil
}

// Append writes values, one record each, one after the other without anything between them, and returns the offset of
// the first when all are acknowledged. Concurrent appends share a produce request; an append on an idle log goes out at
// once. Values that together, compressed, are larger than the topic takes (2 MiB) are Invalid, and none is written. After any
// other error they may or may not be in the log. values may be used again after Append has returned.
func (l *Log) Append(ctx context.Context, values ...[]byte) (first int64, err error) {
	if len(values) == 0 {
		return 0, datarun.Errorf(datarun.Invalid, "log "+l.at.topic, "nothing to append")
	}
	j := &job{n: len(values), whole: true, add: func(b *batch, i int) { add(b, "", false, values[i], noHeaders) }}
	if err := l.sink.put(ctx, j); err != nil {
		return 0, datarun.Wrap("append", err)
	}
	return j.offset, nil
}

// noHeaders is an empty header block.
var noHeaders = []byte{0}

// Read calls fn for every record from offset from up to the end of the log as it is at the call, and returns fn's error
// at once. value is valid during the call only.
func (l *Log) Read(ctx context.Context, from int64, fn func(offset int64, at time.Time, value []byte) error) error {
	end, err := l.End(ctx)
	if err != nil {
		return err
	}
	return datarun.Wrap("read", l.c.follow(ctx, l.at, from, end, func(m *datarun.Message) error {
		return fn(m.Offset, m.Time, m.Value)
	}))
}

// Follow is Read that goes on with what is appended later, until ctx ends, when it returns nil, or fn fails. While Kafka
// is away it waits.
func (l *Log) Follow(ctx context.Context, from int64, fn func(offset int64, at time.Time, value []byte) error) error {
	err := l.c.follow(ctx, l.at, from, -1, func(m *datarun.Message) error { return fn(m.Offset, m.Time, m.Value) })
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the end that was asked for
	}
	return datarun.Wrap("follow", err)
}

// Start returns the offset of the oldest record that is kept.
func (l *Log) Start(ctx context.Context) (int64, error) {
	start, _, err := l.c.bounds(ctx, l.at)
	return start, datarun.Wrap("log "+l.at.topic, err)
}

// End returns the offset of the next record to be appended.
func (l *Log) End(ctx context.Context) (int64, error) {
	_, end, err := l.c.bounds(ctx, l.at)
	return end, datarun.Wrap("log "+l.at.topic, err)
}
