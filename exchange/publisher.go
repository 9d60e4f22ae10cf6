package exchange

import (
	"context"

	"datarun"
)

// PublisherConfig sets how a Publisher works. The zero value of a field means its default.
type PublisherConfig struct {
	Compression Compression // default: see DefaultCompression
	BatchBytes  int         // most bytes of one produce batch before compression; default 1 MiB
	Queue       int         // most bytes of envelopes waiting or in flight, over all topics; default 64 MiB
}

// Publisher puts envelopes on topics. It is safe for concurrent use and needs no closing.
type Publisher struct{}

// NewPublisher makes a publisher on a cluster. It does no I/O.
func NewPublisher(c *Cluster, cfg PublisherConfig) *Publisher { return &Publisher{} }

// Publish puts envs on topic (see ShareTopic) and returns nil when all of them are acknowledged by every in-sync replica.
// Envelopes of one key keep their order; envelopes of concurrent calls have no order among each other. After an error
// some of them may be in the log: publish all of them again.
func (p *Publisher) Publish(ctx context.Context, topic string, envs []datarun.Envelope) error {
	return datarun.Errorf(datarun.Internal, "publish", "not built yet")
}
