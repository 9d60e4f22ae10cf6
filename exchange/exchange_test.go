package exchange

import (
	"context"
	"fmt"
	"testing"
	"time"

	"datarun"
	"datarun/exchange/broker"
)

// embedded opens a cluster on an embedded broker of its own.
func embedded(t testing.TB, cfg Config) *Cluster {
	t.Helper()
	b, err := broker.Open(t.TempDir(), broker.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	creds := b.Credentials()
	cfg.Brokers = []string{b.Addr()}
	cfg.SASL = SASL{Mechanism: creds.Mechanism, User: creds.User, Password: creds.Password}
	return open(t, cfg)
}

func open(t testing.TB, cfg Config) *Cluster {
	t.Helper()
	c, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
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

const code = datarun.ResourceCode("306001/000001")

func TestPublishSubscribe(t *testing.T) {
	c := embedded(t, Config{})
	topic := ShareTopic(code, 0)
	if err := c.EnsureTopic(t.Context(), Topic{Name: topic, Partitions: 2, Compact: true}); err != nil {
		t.Fatal(err)
	}
	p := NewPublisher(c, PublisherConfig{})
	const n = 20000
	if err := p.Publish(t.Context(), topic, envelopes(code, 0, n, 1000)); err != nil {
		t.Fatal(err)
	}
	s := NewSubscriber(c, SubscriberConfig{Group: "g", Topics: []string{topic}})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	got := make(chan datarun.Delivery, 100)
	done := make(chan error, 1)
	go func() {
		done <- s.Run(ctx, func(ctx context.Context, d datarun.Delivery) error {
			got <- d
			return nil
		})
	}()
	total := 0
	for total < n {
		d := <-got
		total += len(d.Messages)
		if err := d.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if total != n {
		t.Errorf("got %d messages, want %d", total, n)
	}
	lags, err := s.Lag(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lags {
		if l.Committed != l.End {
			t.Errorf("lag %+v", l)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
