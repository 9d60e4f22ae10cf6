package exchange

import (
	"context"
	"errors"
	"sync"

	"datarun"
)

// PublisherConfig sets how a Publisher works. The zero value of a field means its default.
type PublisherConfig struct {
	Compression Compression // default: DefaultCompression
	BatchBytes  int         // most bytes of one produce batch before compression; default 1,000,000
	Requests    int         // produce requests at once, over all partitions; default 8. Each holds up to twice BatchBytes
}

// Publisher puts envelopes on topics. It is safe for concurrent use and needs no closing.
type Publisher struct {
	c    *Cluster
	lane *lane

	mu    sync.Mutex
	sinks map[string][]*sink // by topic and partition
}

// NewPublisher makes a publisher on a cluster. It does no I/O.
func NewPublisher(c *Cluster, cfg PublisherConfig) *Publisher {
	if cfg.BatchBytes == 0 {
		cfg.BatchBytes = 1_000_000 // below the 1 MiB that a topic made by others takes
	}
	if cfg.Requests == 0 {
		cfg.Requests = 8
	}
	return &Publisher{c: c, lane: newLane(c, cfg.Compression, cfg.BatchBytes, cfg.Requests), sinks: map[string][]*sink{}}
}

// Publish puts envs on topic (see ShareTopic) and returns nil when all of them are acknowledged by every in-sync replica.
// Envelopes of one key keep their order; envelopes of concurrent calls have no order among each other. After an error
// some of them may be in the log: publish all of them again. A record that is too large for the topic is an Invalid
// error that names its index. envs must not be changed before Publish has returned.
func (p *Publisher) Publish(ctx context.Context, topic string, envs []datarun.Envelope) error {
	if len(envs) == 0 {
		return nil
	}
	for i := range envs {
		if envs[i].Value == nil && envs[i].Op != datarun.Delete {
			return datarun.Errorf(datarun.Invalid, "publish "+topic, "envelope %d of %d has no value and is not a delete", i, len(envs))
		}
	}
	sinks, err := p.topic(ctx, topic)
	if err != nil {
		return datarun.Wrap("publish", err)
	}
	parts := spread(envs, len(sinks))
	errs := make([]error, len(sinks))
	var wait sync.WaitGroup
	last := -1
	for i, indexes := range parts {
		if len(indexes) == 0 {
			continue
		}
		if last >= 0 {
			part := last
			wait.Go(func() { errs[part] = publishTo(ctx, sinks[part], envs, parts[part]) })
		}
		last = i
	}
	errs[last] = publishTo(ctx, sinks[last], envs, parts[last]) // the last one needs no goroutine
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return datarun.Wrap("publish", err)
		}
	}
	return nil
}

// spread lists the indexes of envs by partition.
func spread(envs []datarun.Envelope, n int) [][]int32 {
	parts := make([][]int32, n)
	for i := range parts {
		parts[i] = make([]int32, 0, len(envs)/n+len(envs)/(4*n)+1)
	}
	for i := range envs {
		k := PartitionOf(envs[i].Key, n)
		parts[k] = append(parts[k], int32(i))
	}
	return parts
}

func publishTo(ctx context.Context, s *sink, envs []datarun.Envelope, indexes []int32) error {
	var x eventEncoder
	err := s.put(ctx, &job{n: len(indexes), add: func(b *batch, i int) {
		e := &envs[indexes[i]]
		value := e.Value
		if e.Op == datarun.Delete {
			value = nil
		}
		add(b, e.Key, true, value, x.encode(e))
	}})
	var large *tooLarge
	if errors.As(err, &large) {
		return datarun.Errorf(datarun.Invalid, "topic "+large.topic, "envelope %d of %d is larger than the topic takes: %w", indexes[large.index], len(envs), large.err)
	}
	return err
}

// topic returns the sinks of a topic, one per partition.
func (p *Publisher) topic(ctx context.Context, topic string) ([]*sink, error) {
	p.mu.Lock()
	sinks := p.sinks[topic]
	p.mu.Unlock()
	if sinks != nil {
		return sinks, nil
	}
	n, err := p.c.Partitions(ctx, topic)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sinks[topic] == nil {
		for i := range n {
			p.sinks[topic] = append(p.sinks[topic], p.lane.sink(topic, i))
		}
	}
	return p.sinks[topic], nil
}
