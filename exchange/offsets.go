package exchange

import (
	"context"

	"github.com/segmentio/kafka-go/protocol/findcoordinator"
	"github.com/segmentio/kafka-go/protocol/listoffsets"
	"github.com/segmentio/kafka-go/protocol/offsetcommit"
	"github.com/segmentio/kafka-go/protocol/offsetfetch"

	"datarun"
)

// place is one partition of one topic.
type place struct {
	topic     string
	partition int32
}

// The times that mean an end of the log, in ListOffsets.
const (
	atEnd   = -1
	atStart = -2
)

// listOffsets returns the first or the next offset of partitions.
func (c *Cluster) listOffsets(ctx context.Context, places []place, at int64) (out map[place]int64, err error) {
	err = c.retry(ctx, func() error {
		out, err = c.listOffsetsOnce(ctx, places, at)
		return err
	})
	return out, err
}

// listOffsetsOnce asks each leader once.
func (c *Cluster) listOffsetsOnce(ctx context.Context, places []place, at int64) (map[place]int64, error) {
	byLeader := map[int32]map[string][]listoffsets.RequestPartition{}
	for _, p := range places {
		leader, err := c.leader(ctx, p.topic, int(p.partition))
		if err != nil {
			return nil, err
		}
		if byLeader[leader] == nil {
			byLeader[leader] = map[string][]listoffsets.RequestPartition{}
		}
		byLeader[leader][p.topic] = append(byLeader[leader][p.topic], listoffsets.RequestPartition{
			Partition: p.partition, CurrentLeaderEpoch: -1, Timestamp: at,
		})
	}
	out := make(map[place]int64, len(places))
	for leader, topics := range byLeader {
		req := &listoffsets.Request{ReplicaID: -1, IsolationLevel: readCommitted}
		for topic, partitions := range topics {
			req.Topics = append(req.Topics, listoffsets.RequestTopic{Topic: topic, Partitions: partitions})
		}
		res, err := call[*listoffsets.Response](ctx, c, leader, req)
		if err != nil {
			for topic := range topics {
				c.meta.forget(topic)
			}
			return nil, err
		}
		for _, t := range res.Topics {
			for _, p := range t.Partitions {
				if err := codeError(p.ErrorCode); err != nil {
					c.meta.forget(t.Topic)
					return nil, datarun.Wrap("topic "+t.Topic, err)
				}
				out[place{t.Topic, p.Partition}] = p.Offset
			}
		}
	}
	return out, nil
}

// coordinator returns the broker that keeps a group.
func (c *Cluster) coordinator(ctx context.Context, group string) (int32, error) {
	c.coordinatorsMu.Lock()
	id, ok := c.coordinators[group]
	c.coordinatorsMu.Unlock()
	if ok {
		return id, nil
	}
	res, err := call[*findcoordinator.Response](ctx, c, anyBroker, &findcoordinator.Request{Key: group})
	if err == nil {
		err = codeError(res.ErrorCode)
	}
	if err != nil {
		return 0, err
	}
	c.coordinatorsMu.Lock()
	defer c.coordinatorsMu.Unlock()
	c.coordinators[group] = res.NodeID
	return res.NodeID, nil
}

func (c *Cluster) forgetCoordinator(group string) {
	c.coordinatorsMu.Lock()
	defer c.coordinatorsMu.Unlock()
	delete(c.coordinators, group)
}

// member is who commits: a member of a group in one of its generations.
type member struct {
	group, id  string
	generation int32
}

// commit stores the next offset to be read of one partition. It is a Conflict when the group has moved on.
func (c *Cluster) commit(ctx context.Context, m member, p place, offset int64) error {
	coordinator, err := c.coordinator(ctx, m.group)
	if err != nil {
		return err
	}
	res, err := call[*offsetcommit.Response](ctx, c, coordinator, &offsetcommit.Request{
		GroupID: m.group, GenerationID: m.generation, MemberID: m.id, RetentionTimeMs: -1,
		Topics: []offsetcommit.RequestTopic{{Name: p.topic, Partitions: []offsetcommit.RequestPartition{{
			PartitionIndex: p.partition, CommittedOffset: offset, CommittedLeaderEpoch: -1,
		}}}},
	})
	if err == nil {
		err = commitError(res)
	}
	if datarun.KindOf(err) == datarun.Unavailable {
		c.forgetCoordinator(m.group)
	}
	return err
}

func commitError(res *offsetcommit.Response) error {
	for _, t := range res.Topics {
		for _, p := range t.Partitions {
			if err := codeError(p.ErrorCode); err != nil {
				return err
			}
		}
	}
	return nil
}

// committed returns the offsets a group has committed; -1 for none.
func (c *Cluster) committed(ctx context.Context, group string, places []place) (out map[place]int64, err error) {
	err = c.retry(ctx, func() error {
		out, err = c.committedOnce(ctx, group, places)
		return err
	})
	return out, err
}

func (c *Cluster) committedOnce(ctx context.Context, group string, places []place) (map[place]int64, error) {
	coordinator, err := c.coordinator(ctx, group)
	if err != nil {
		return nil, err
	}
	byTopic := map[string][]int32{}
	for _, p := range places {
		byTopic[p.topic] = append(byTopic[p.topic], p.partition)
	}
	req := &offsetfetch.Request{GroupID: group}
	for topic, partitions := range byTopic {
		req.Topics = append(req.Topics, offsetfetch.RequestTopic{Name: topic, PartitionIndexes: partitions})
	}
	res, err := call[*offsetfetch.Response](ctx, c, coordinator, req)
	if err == nil {
		err = codeError(res.ErrorCode)
	}
	if err != nil {
		c.forgetCoordinator(group)
		return nil, err
	}
	out := make(map[place]int64, len(places))
	for _, t := range res.Topics {
		for _, p := range t.Partitions {
			if err := codeError(p.ErrorCode); err != nil {
				return nil, datarun.Wrap("topic "+t.Name, err)
			}
			out[place{t.Name, p.PartitionIndex}] = p.CommittedOffset
		}
	}
	return out, nil
}
