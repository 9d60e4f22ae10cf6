package exchange

import (
	"context"

	"datarun"
)

// SubscriberConfig sets how a Subscriber works. The zero value of a field means its default.
type SubscriberConfig struct {
	Group      string   // consumer group; required
	Topics     []string // to begin with; see SetTopics
	InFlight   int      // most bytes fetched and not yet handled, over all partitions; default 64 MiB
	FetchBytes int      // most bytes asked of one partition at once; default 1 MiB
	// OnFault is told of a partition that stands still: its offset is not in the log any more, or its bytes do not add
	// up. The error is Corrupt and names topic, partition and offsets. The other partitions go on. Nil: Run returns it.
	OnFault func(topic string, partition int, err error)
}

// Subscriber takes messages off topics, shared with the other members of its group.
type Subscriber struct{}

// NewSubscriber makes a subscriber on a cluster. It does no I/O.
func NewSubscriber(c *Cluster, cfg SubscriberConfig) *Subscriber { return &Subscriber{} }

// SetTopics replaces the topics subscribed to. It may be called before and during Run, from any goroutine, and returns
// at once; the group rebalances soon after. Topics that do not exist yet are left out until they do and SetTopics is
// called again.
func (s *Subscriber) SetTopics(topics []string) {}

// Run joins the group and hands every message to handle until ctx ends or handle fails. handle is called concurrently
// for different partitions and in order within one; while it blocks, its partition is not fetched further. A first read
// begins at the start of the log. When handle returns an Unavailable error the same messages come again after a while;
// any other error ends Run with it. When ctx ends Run returns nil.
func (s *Subscriber) Run(ctx context.Context, handle func(ctx context.Context, d datarun.Delivery) error) error {
	return datarun.Errorf(datarun.Internal, "subscribe", "not built yet")
}

// Lag is how far a group is behind on one partition.
type Lag struct {
	Topic     string
	Partition int
	Committed int64 // next offset to be read; the start of the log when nothing was committed yet
	End       int64 // offset of the next record to be written
}

// Lag returns how far the group is behind, for every partition of the topics subscribed to.
func (s *Subscriber) Lag(ctx context.Context) ([]Lag, error) { return nil, nil }
