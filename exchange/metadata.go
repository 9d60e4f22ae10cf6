package exchange

import (
	"context"
	"sync"

	"github.com/segmentio/kafka-go"
	meta "github.com/segmentio/kafka-go/protocol/metadata"

	"datarun"
)

// metadata remembers which broker leads each partition of the topics that were asked for.
type metadata struct {
	mu     sync.Mutex
	topics map[string][]int32 // leader by partition; immutable once stored
}

func (m *metadata) get(topic string) []int32 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.topics[topic]
}

func (m *metadata) put(topic string, leaders []int32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.topics == nil {
		m.topics = map[string][]int32{}
	}
	m.topics[topic] = leaders
}

func (m *metadata) forget(topic string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.topics, topic)
}

// fetchMetadata asks a broker about topics; none means the brokers only. It never creates a topic.
func (c *Cluster) fetchMetadata(ctx context.Context, topics []string) (*meta.Response, error) {
	return call[*meta.Response](ctx, c, anyBroker, &meta.Request{TopicNames: topics})
}

// metadataChunk is how many topics one metadata request asks for.
const metadataChunk = 500

// lookUp makes sure that the leaders of topics are known, asking for those that are not.
func (c *Cluster) lookUp(ctx context.Context, topics []string) error {
	var missing []string
	for _, t := range topics {
		if c.meta.get(t) == nil {
			missing = append(missing, t)
		}
	}
	for len(missing) > 0 {
		n := min(len(missing), metadataChunk)
		res, err := c.fetchMetadata(ctx, missing[:n])
		if err != nil {
			return err
		}
		for i := range res.Topics {
			if err := c.learn(&res.Topics[i]); err != nil {
				return err
			}
		}
		missing = missing[n:]
	}
	return nil
}

func (c *Cluster) learn(t *meta.ResponseTopic) error {
	if t.ErrorCode != 0 {
		return datarun.Wrap("topic "+t.Name, codeError(t.ErrorCode))
	}
	leaders := make([]int32, len(t.Partitions))
	for _, p := range t.Partitions {
		if p.PartitionIndex < 0 || int(p.PartitionIndex) >= len(leaders) {
			return datarun.Errorf(datarun.Corrupt, "topic "+t.Name, "partition %d of %d", p.PartitionIndex, len(leaders))
		}
		if p.LeaderID < 0 {
			return datarun.Wrap("topic "+t.Name, codeError(int16(kafka.LeaderNotAvailable)))
		}
		leaders[p.PartitionIndex] = p.LeaderID
	}
	c.meta.put(t.Name, leaders)
	return nil
}

// leaders returns the broker that leads each partition of topic.
func (c *Cluster) leaders(ctx context.Context, topic string) ([]int32, error) {
	if l := c.meta.get(topic); l != nil {
		return l, nil
	}
	if err := c.lookUp(ctx, []string{topic}); err != nil {
		return nil, err
	}
	return c.meta.get(topic), nil
}

func (c *Cluster) leader(ctx context.Context, topic string, partition int) (int32, error) {
	l, err := c.leaders(ctx, topic)
	if err != nil {
		return 0, err
	}
	if partition >= len(l) {
		return 0, datarun.Errorf(datarun.NotFound, "topic "+topic, "has %d partitions, asked for %d", len(l), partition)
	}
	return l[partition], nil
}

// Partitions returns how many partitions a topic has; NotFound when there is no such topic.
func (c *Cluster) Partitions(ctx context.Context, topic string) (int, error) {
	n := 0
	err := c.retry(ctx, func() error {
		l, err := c.leaders(ctx, topic)
		n = len(l)
		return err
	})
	return n, datarun.Wrap("kafka", err)
}
