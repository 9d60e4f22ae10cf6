package exchange

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/createtopics"

	"datarun"
)

// The hub's own topics.
const (
	TopicCatalog    = "datarun.catalog"    // every change of the shared directory; one partition, kept for ever
	TopicPositions  = "datarun.positions"  // where each source is to be read on from; compacted
	TopicQuarantine = "datarun.quarantine" // records that broke a rule
	TopicLedger     = "datarun.ledger"     // who took what, when, for what; kept at least three years
)

// sharePrefix begins the topic of every resource.
const sharePrefix = "share."

// ShareTopic names the topic of a resource: "share." and the code with a dot for the slash, and from generation 1 on
// ".g" and the generation. "share.306001.000001", "share.306001.000001.g2". Codes have no lower-case letters, so the
// suffix is never part of one, and no underscore, so no two names collide in Kafka's metrics. At most 77 characters.
func ShareTopic(code datarun.ResourceCode, generation uint16) string {
	name := sharePrefix + code.Dotted()
	if generation > 0 {
		name += ".g" + strconv.Itoa(int(generation))
	}
	return name
}

// ParseShareTopic is the inverse of ShareTopic; ok is false for every other name.
func ParseShareTopic(topic string) (code datarun.ResourceCode, generation uint16, ok bool) {
	rest, ok := strings.CutPrefix(topic, sharePrefix)
	if !ok {
		return "", 0, false
	}
	if i := strings.LastIndex(rest, ".g"); i >= 0 {
		n, err := strconv.ParseUint(rest[i+2:], 10, 16)
		if err != nil || n == 0 {
			return "", 0, false
		}
		rest, generation = rest[:i], uint16(n)
	}
	code, err := datarun.ParseResourceCode(rest)
	if err != nil || ShareTopic(code, generation) != topic {
		return "", 0, false
	}
	return code, generation, true
}

// Topic says what a topic is to be like.
type Topic struct {
	Name       string
	Partitions int           // 0: the cluster's default; fixed once the topic exists
	Compact    bool          // keep the newest record of every key, for ever
	Retention  time.Duration // delete what is older; 0: keep for ever
	MaxMessage int           // largest record batch in bytes; 0: 2 MiB, which holds any record of datarun.MaxRecord
}

// MaxTopicName is the longest name Kafka allows, in characters.
const MaxTopicName = 249

func (t *Topic) validate() error {
	if t.Name == "" || len(t.Name) > MaxTopicName || t.Name == "." || t.Name == ".." {
		return datarun.Errorf(datarun.Invalid, "topic", "name of %d characters; 1 to %d are allowed", len(t.Name), MaxTopicName)
	}
	for i := 0; i < len(t.Name); i++ {
		c := t.Name[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-') {
			return datarun.Errorf(datarun.Invalid, "topic", "character %d of the name is not one of a-z A-Z 0-9 . _ -", i+1)
		}
	}
	return nil
}

func (t *Topic) configs() []createtopics.RequestConfig {
	policy, retention := "delete", "-1"
	if t.Compact {
		policy = "compact"
	} else if t.Retention > 0 {
		retention = strconv.FormatInt(t.Retention.Milliseconds(), 10)
	}
	return []createtopics.RequestConfig{
		{Name: "cleanup.policy", Value: policy},
		// Always said, since the brokers' own default deletes after seven days.
		{Name: "retention.ms", Value: retention},
		{Name: "max.message.bytes", Value: strconv.Itoa(t.MaxMessage)},
	}
}

// EnsureTopic creates the topic, or checks that it has as many partitions as asked for. It may be called again and by
// several hubs at once. A topic with another number of partitions is a Conflict: a key would move, so the resource needs
// a new generation. Settings of an existing topic are left as the operator has them.
func (c *Cluster) EnsureTopic(ctx context.Context, t Topic) error {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	if err := t.validate(); err != nil {
		return err
	}
	if t.Partitions == 0 {
		t.Partitions = c.cfg.Partitions
	}
	if t.MaxMessage == 0 {
		t.MaxMessage = 2 << 20
	}
	place := "topic " + t.Name
	c.meta.forget(t.Name)
	n, err := c.Partitions(ctx, t.Name)
	if datarun.KindOf(err) == datarun.NotFound {
		if err = c.createTopic(ctx, &t); err == nil || datarun.KindOf(err) == datarun.Conflict {
			n, err = c.awaitTopic(ctx, t.Name)
		}
	}
	if err != nil {
		return datarun.Wrap(place, err)
	}
	if n != t.Partitions {
		return datarun.Errorf(datarun.Conflict, place, "has %d partitions, %d are asked for; partitions are fixed within a generation", n, t.Partitions)
	}
	return nil
}

// createTopic asks any broker, which passes the request on to the controller in KRaft clusters, and then the controller
// itself, which older clusters insist on.
func (c *Cluster) createTopic(ctx context.Context, t *Topic) error {
	err := c.createAt(ctx, t, anyBroker)
	if codeOf(err) != kafka.NotController {
		return err
	}
	m, err := c.fetchMetadata(ctx, []string{})
	if err != nil {
		return err
	}
	return c.createAt(ctx, t, m.ControllerID)
}

func (c *Cluster) createAt(ctx context.Context, t *Topic, broker int32) error {
	res, err := call[*createtopics.Response](ctx, c, broker, &createtopics.Request{
		TimeoutMs: int32(c.cfg.Timeout.Milliseconds()),
		Topics: []createtopics.RequestTopic{{
			Name: t.Name, NumPartitions: int32(t.Partitions), ReplicationFactor: int16(c.cfg.Replication), Configs: t.configs(),
		}},
	})
	if err != nil {
		return err
	}
	for _, rt := range res.Topics {
		if err := codeError(rt.ErrorCode); err != nil {
			return datarun.Errorf(datarun.KindOf(err), "create", "%s: %w", rt.ErrorMessage, err)
		}
	}
	return nil
}

// awaitTopic waits until a topic just created is known and every partition has a leader.
func (c *Cluster) awaitTopic(ctx context.Context, topic string) (int, error) {
	wait := backOff{first: 10 * time.Millisecond, most: 500 * time.Millisecond}
	for {
		n, err := c.Partitions(ctx, topic)
		if err == nil && n > 0 {
			return n, nil
		}
		if !wait.sleep(ctx) {
			return 0, err
		}
	}
}
