package quarantine

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"datarun"
	"datarun/exchange"
	"datarun/exchange/broker"
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

func parked(from, n int) []Parked {
	ps := make([]Parked, n)
	for i := range ps {
		k := from + i
		ps[i] = Parked{
			Resource: datarun.ResourceCode(fmt.Sprintf("306001/%06d", k%3)), Source: fmt.Sprintf("connector/s%d/rows", k%2),
			Fault: datarun.Fault{Rule: []datarun.Rule{datarun.RuleType, datarun.RuleLength}[k%2], Item: "a", Detail: "want a number", Where: fmt.Sprintf("f.csv:%d", k)},
			Raw:   fmt.Appendf(nil, `{"a":"synthetic %d"}`, k),
		}
	}
	return ps
}

func TestParkListGet(t *testing.T) {
	onBoth(t, func(t *testing.T, c *exchange.Cluster) {
		ctx := t.Context()
		s, err := Open(ctx, c, Config{Index: 100})
		if err != nil {
			t.Fatal(err)
		}
		other, err := Open(ctx, c, Config{Index: 100})
		if err != nil {
			t.Fatal(err)
		}
		for _, records := range [][]Parked{parked(0, 30), parked(20, 40), nil, parked(0, 5)} {
			if err := s.Park(ctx, records); err != nil {
				t.Fatal(err)
			}
		}
		if err := other.Park(ctx, parked(0, 10)); err != nil { // the same records from another hub
			t.Fatal(err)
		}
		all, err := other.List(ctx, Filter{})
		if err != nil {
			t.Fatal(err)
		}
		if len(all) != 60 || all[0].Fault.Where != "f.csv:59" || all[59].Fault.Where != "f.csv:0" {
			t.Fatalf("%d entries, from %+v", len(all), all[0])
		}
		if all[0].Raw != nil || all[0].Time.IsZero() {
			t.Errorf("listed %+v", all[0])
		}
		got, err := s.Get(ctx, all[7].ID)
		if err != nil || string(got.Raw) != `{"a":"synthetic 52"}` || got.ID != ID(got.Source, got.Resource, got.Raw) {
			t.Errorf("%+v, %v", got, err)
		}
		if _, err := s.Get(ctx, strings.Repeat("0", 32)); datarun.KindOf(err) != datarun.NotFound {
			t.Errorf("no such id: %v", err)
		}
		some, err := s.List(ctx, Filter{Resource: "306001/000001", Source: "connector/s1/rows", Rule: datarun.RuleLength, Limit: 3})
		if err != nil || len(some) != 3 || some[0].Fault.Where != "f.csv:55" || some[2].Fault.Where != "f.csv:43" {
			t.Errorf("filtered %+v, %v", some, err)
		}
		next, err := s.List(ctx, Filter{Before: all[9].ID, Limit: 2})
		if err != nil || len(next) != 2 || next[0].ID != all[10].ID || next[1].ID != all[11].ID {
			t.Errorf("next page %+v, %v", next, err)
		}
		counts, err := s.Count(ctx)
		if err != nil || counts["306001/000000"][datarun.RuleType] != 10 {
			t.Errorf("counts %v, %v", counts, err)
		}
	})
}

func TestIndexIsBounded(t *testing.T) {
	onBoth(t, func(t *testing.T, c *exchange.Cluster) {
		ctx := t.Context()
		s, err := Open(ctx, c, Config{Index: 10})
		if err != nil {
			t.Fatal(err)
		}
		for from := 1000; from < 1037; from++ {
			if err := s.Park(ctx, parked(from, 1)); err != nil {
				t.Fatal(err)
			}
		}
		all, err := s.List(ctx, Filter{})
		if err != nil || len(all) != 10 || all[0].Fault.Where != "f.csv:1036" || all[9].Fault.Where != "f.csv:1027" {
			t.Fatalf("%d entries, %v: %+v", len(all), err, all)
		}
		page, err := s.List(ctx, Filter{Before: all[4].ID})
		if err != nil || len(page) != 5 || page[0].ID != all[5].ID {
			t.Errorf("%+v, %v", page, err)
		}
		big := parked(5000, 3)
		for i := range big {
			big[i].Raw = []byte(strings.Repeat(fmt.Sprint(i), 2<<20))
		}
		if err := s.Park(ctx, big); err != nil {
			t.Fatal(err)
		}
		if all, err = s.List(ctx, Filter{Limit: 1}); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Get(ctx, all[0].ID); err != nil || len(got.Raw) != datarun.MaxRecord {
			t.Errorf("%d bytes, %v", len(got.Raw), err)
		}
	})
}
