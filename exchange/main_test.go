package exchange

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"datarun"
	"datarun/exchange/broker"
	"datarun/internal/kafkatest"
)

func TestMain(m *testing.M) { os.Exit(kafkatest.Main(m)) }

// onBoth runs a test on the embedded broker and on Apache Kafka. cfg gets the brokers filled in.
func onBoth(t *testing.T, test func(t *testing.T, c *Cluster, cfg Config)) {
	t.Run("embedded", func(t *testing.T) {
		cfg := embedded(t)
		test(t, dial(t, cfg), cfg)
	})
	t.Run("kafka", func(t *testing.T) {
		cfg := Config{Brokers: kafkatest.Start(t)}
		test(t, dial(t, cfg), cfg)
	})
}

// embedded starts an embedded broker for the test and returns how to reach it.
func embedded(t testing.TB) Config {
	t.Helper()
	return startIn(t, t.TempDir(), broker.Options{})
}

func startIn(t testing.TB, dir string, o broker.Options) Config {
	t.Helper()
	b, err := broker.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	creds := b.Credentials()
	return Config{
		Brokers: []string{b.Addr()}, Embedded: true,
		SASL: SASL{Mechanism: creds.Mechanism, User: creds.User, Password: creds.Password},
	}
}

func dial(t testing.TB, cfg Config) *Cluster {
	t.Helper()
	c, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

var fresh atomic.Int32

// newTopic makes the topic of a resource no other test uses.
func newTopic(t testing.TB, c *Cluster, partitions int) (topic string, code datarun.ResourceCode) {
	t.Helper()
	code = datarun.ResourceCode(fmt.Sprintf("306001/%06d", fresh.Add(1)))
	topic = ShareTopic(code, 0)
	if err := c.EnsureTopic(t.Context(), Topic{Name: topic, Partitions: partitions}); err != nil {
		t.Fatal(err)
	}
	return topic, code
}

// newName makes a topic name or group no other test uses.
func newName(t testing.TB) string {
	return fmt.Sprintf("%s.%d", strings.NewReplacer("/", ".", "#", ".").Replace(t.Name()), fresh.Add(1))
}

// envelopes makes n envelopes whose keys repeat after keys, numbered from first.
func envelopes(code datarun.ResourceCode, first, n, keys int) []datarun.Envelope {
	envs := make([]datarun.Envelope, n)
	for i := range envs {
		k := first + i
		envs[i] = datarun.Envelope{
			Resource: code, Key: fmt.Sprintf("key-%06d", k%keys), ID: fmt.Sprintf("id-%08d", k), Source: "connector/test/rows",
			Time: time.UnixMilli(1_790_000_000_000), Schema: 1,
			Value: fmt.Appendf(nil, `{"k":"key-%06d","n":%d,"name":"synthetic row","address":"Wuchang Avenue %d","amount":"%d.00"}`, k%keys, k, k%97, k),
		}
	}
	return envs
}

func publish(t testing.TB, c *Cluster, topic string, envs []datarun.Envelope) {
	t.Helper()
	if err := NewPublisher(c, PublisherConfig{}).Publish(t.Context(), topic, envs); err != nil {
		t.Fatal(err)
	}
}
