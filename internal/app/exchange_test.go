package app

import (
	"context"
	"net"
	"testing"

	"datarun"
	"datarun/exchange"
	"datarun/exchange/quarantine"
	"datarun/internal/config"
)

// embedded is a configuration with the embedded broker in a folder of the test.
func embedded(t testing.TB) *config.Config {
	t.Helper()
	cfg := config.Default()
	cfg.Hub, cfg.Data = "test", t.TempDir()
	cfg.Kafka.Listen = "127.0.0.1:0"
	return cfg
}

// open opens the embedded broker as a hub does, until the test ends.
func open(t testing.TB, cfg *config.Config) (*exchange.Cluster, string) {
	t.Helper()
	cluster, addr, stop, err := openCluster(t.Context(), cfg, silent, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return cluster, addr
}

// newIntake is an intake on the embedded broker with one resource set up.
func newIntake(t testing.TB) (*intake, *flow, *exchange.Cluster) {
	t.Helper()
	cluster, _ := open(t, embedded(t))
	store, err := quarantine.Open(t.Context(), cluster, quarantine.Config{})
	if err != nil {
		t.Fatal(err)
	}
	f := houseFlow(t)
	if err := cluster.EnsureTopic(t.Context(), exchange.Topic{Name: f.topic, Partitions: 2, Compact: true}); err != nil {
		t.Fatal(err)
	}
	in := &intake{flows: &flows{}, quarantine: store, publisher: exchange.NewPublisher(cluster, exchange.PublisherConfig{})}
	in.flows.put(f)
	return in, f, cluster
}

// messages reads n messages of a topic, by key.
func messages(t testing.TB, c *exchange.Cluster, topic string, n int) map[string]datarun.Message {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := exchange.NewSubscriber(c, exchange.SubscriberConfig{Group: "test", Topics: []string{topic}})
	out := map[string]datarun.Message{}
	seen := 0
	err := s.Run(ctx, func(_ context.Context, d datarun.Delivery) error {
		for _, m := range d.Messages {
			out[string(m.Key)] = m
			seen++
		}
		if seen >= n {
			cancel()
		}
		return nil
	})
	if ctx.Err() == nil {
		t.Fatal(err)
	}
	if seen != n {
		t.Errorf("%d messages, want %d", seen, n)
	}
	return out
}

// What was taken is published or in quarantine, and the books say so.
func TestTake(t *testing.T) {
	in, f, cluster := newIntake(t)
	records := []datarun.Record{
		house("1", "张三"), {Data: []byte(`{"no":"2"}`)}, house("3", "王五"), {Op: datarun.Delete, Data: []byte(`{"no":"4"}`)},
		{Data: []byte(`{"no":`)}, {Data: []byte(`"raw"`), Fault: &datarun.Fault{Rule: datarun.RuleSyntax, Where: "a.csv:6"}},
	}
	faults, err := in.take(t.Context(), "push/x", f.resource.Code, records)
	if err != nil {
		t.Fatal(err)
	}
	if len(faults) != 3 || faults[1].Rule != datarun.RuleRequired || faults[4].Rule != datarun.RuleSyntax || faults[5].Where != "a.csv:6" {
		t.Errorf("faults: %+v", faults)
	}
	published := messages(t, cluster, f.topic, 3)
	if string(published["1"].Value) != string(records[0].Data) || published["4"].Value != nil {
		t.Errorf("published: %+v", published)
	}
	if _, ok := published["4"]; !ok {
		t.Error("the delete is not published")
	}
	books(t, f, 6, 3, 3)
	parkedAre(t, in, f.resource.Code, 3)

	// A source that repeats after a crash counts anew what it gave, and parks nothing twice.
	if _, err := in.take(t.Context(), "push/x", f.resource.Code, records); err != nil {
		t.Fatal(err)
	}
	books(t, f, 12, 6, 6)
	parkedAre(t, in, f.resource.Code, 3)

	// A new version of the entry goes on with the books.
	next, err := newFlow(f.resource, f.version+1)
	if err != nil {
		t.Fatal(err)
	}
	in.flows.put(next)
	books(t, next, 12, 6, 6)
}

func books(t testing.TB, f *flow, read, published, quarantined int64) {
	t.Helper()
	c := &f.counts
	if c.read.Load() != read || c.published.Load() != published || c.quarantined.Load() != quarantined {
		t.Errorf("books: %d = %d + %d, want %d = %d + %d",
			c.read.Load(), c.published.Load(), c.quarantined.Load(), read, published, quarantined)
	}
}

func parkedAre(t testing.TB, in *intake, code datarun.ResourceCode, want int) {
	t.Helper()
	list, err := in.quarantine.List(t.Context(), quarantine.Filter{Resource: code})
	if err != nil || len(list) != want {
		t.Errorf("%d in quarantine (%v), want %d", len(list), err, want)
	}
	for _, p := range list {
		if p.Source != "push/x" {
			t.Errorf("parked as of source %q", p.Source)
		}
	}
}

// A resource that is not set up yet is tried again later, and nothing of it is lost in quarantine.
func TestTakeOfAnUnknownResource(t *testing.T) {
	in := &intake{flows: &flows{}}
	if _, err := in.take(t.Context(), "push/x", "999999/000001", []datarun.Record{house("1", "a")}); datarun.KindOf(err) != datarun.Unavailable {
		t.Errorf("%v, want unavailable", err)
	}
}

// Records that cannot be published are not in the books as published, and the source is told.
func TestTakeWithoutATopic(t *testing.T) {
	in, f, _ := newIntake(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := in.take(ctx, "push/x", f.resource.Code, []datarun.Record{house("1", "a")}); err == nil {
		t.Error("nothing can be durable after the context ended")
	}
	books(t, f, 1, 0, 0)
}

func TestOpenClusterShared(t *testing.T) {
	cfg := embedded(t)
	_, addr := open(t, cfg)
	if _, _, _, err := openCluster(t.Context(), cfg, silent, false); datarun.KindOf(err) != datarun.Conflict {
		t.Errorf("a second hub on the same data: %v, want a conflict", err)
	}
	if _, _, _, err := openCluster(t.Context(), cfg, silent, true); datarun.KindOf(err) != datarun.NotFound {
		t.Errorf("before the hub has said where it is: %v, want not found", err)
	}
	if err := writeAddresses(cfg.Data, Addresses{Kafka: addr}); err != nil {
		t.Fatal(err)
	}
	second, shared, stop, err := openCluster(t.Context(), cfg, silent, true)
	if err != nil {
		t.Fatal(err)
	}
	if shared != addr {
		t.Errorf("%s, want %s", shared, addr)
	}
	stop() // of the second: the first goes on
	third, _, stop, err := openCluster(t.Context(), cfg, silent, true)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if err := third.Ping(t.Context()); err != nil || second == third {
		t.Errorf("the running broker does not answer: %v", err)
	}
}

func TestOpenClusterErrors(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := embedded(t)
	taken.Kafka.Listen = l.Addr().String()
	secret := embedded(t)
	secret.Kafka.Brokers, secret.Kafka.SASL.Password = []string{"127.0.0.1:1"}, "${env:DATARUN_TEST_NOT_SET}"
	ca := embedded(t)
	ca.Kafka.Brokers, ca.Kafka.TLS = []string{"127.0.0.1:1"}, config.TLS{Enabled: true, CA: "none.pem"}
	tests := []struct {
		name string
		cfg  *config.Config
		kind datarun.Kind
	}{
		{"port taken", taken, datarun.Unavailable},
		{"secret not set", secret, datarun.Invalid},
		{"CA missing", ca, datarun.Invalid},
	}
	for _, test := range tests {
		if _, _, _, err := openCluster(t.Context(), test.cfg, silent, true); datarun.KindOf(err) != test.kind || err == nil {
			t.Errorf("%s: %v, want %s", test.name, err, test.kind)
		}
	}
}
