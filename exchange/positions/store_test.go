package positions_test

import (
	"fmt"
	"os"
	"sync"
	"testing"

	"datarun"
	"datarun/exchange"
	"datarun/exchange/broker"
	"datarun/exchange/positions"
	"datarun/internal/kafkatest"
)

func TestMain(m *testing.M) { os.Exit(kafkatest.Main(m)) }

func onBoth(t *testing.T, test func(t *testing.T, c *exchange.Cluster)) {
	t.Run("embedded", func(t *testing.T) {
		b, err := broker.Open(t.TempDir(), broker.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { b.Close() })
		creds := b.Credentials()
		test(t, dial(t, exchange.Config{Brokers: []string{b.Addr()}, Embedded: true,
			SASL: exchange.SASL{Mechanism: creds.Mechanism, User: creds.User, Password: creds.Password}}))
	})
	t.Run("kafka", func(t *testing.T) { test(t, dial(t, exchange.Config{Brokers: kafkatest.Start(t)})) })
}

func dial(t *testing.T, cfg exchange.Config) *exchange.Cluster {
	t.Helper()
	c, err := exchange.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestPositions(t *testing.T) {
	onBoth(t, func(t *testing.T, c *exchange.Cluster) {
		ctx := t.Context()
		s, err := positions.Open(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		if p, err := s.Load(ctx, "housing", "house"); len(p) != 0 || err != nil {
			t.Errorf("before anything: %q, %v", p, err)
		}
		var wait sync.WaitGroup
		for stream := range 10 {
			wait.Go(func() {
				for i := range 20 {
					if err := s.Save(ctx, "housing", fmt.Sprint("s", stream), fmt.Appendf(nil, `{"n":%d}`, i)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wait.Wait()
		other, err := positions.Open(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Save(ctx, "housing", "s3", nil); err != nil {
			t.Fatal(err)
		}
		for stream, want := range map[string]string{"s0": `{"n":19}`, "s9": `{"n":19}`, "s3": ""} {
			if p, err := other.Load(ctx, "housing", stream); string(p) != want || err != nil {
				t.Errorf("%s: %q, %v", stream, p, err)
			}
		}
		if err := s.Save(ctx, "a", "b", make([]byte, positions.MaxPosition+1)); datarun.KindOf(err) != datarun.Invalid {
			t.Errorf("too large: %v", err)
		}
	})
}
