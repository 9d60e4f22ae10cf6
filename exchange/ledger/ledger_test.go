package ledger

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"datarun"
	"datarun/exchange"
	"datarun/exchange/broker"
	"datarun/internal/kafkatest"
)

func TestMain(m *testing.M) { os.Exit(kafkatest.Main(m)) }

func embedded(t *testing.T) *exchange.Cluster {
	t.Helper()
	b, err := broker.Open(t.TempDir(), broker.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	creds := b.Credentials()
	return dial(t, exchange.Config{
		Brokers: []string{b.Addr()}, Embedded: true,
		SASL: exchange.SASL{Mechanism: creds.Mechanism, User: creds.User, Password: creds.Password},
	})
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

func onBoth(t *testing.T, test func(t *testing.T, c *exchange.Cluster)) {
	t.Run("embedded", func(t *testing.T) { test(t, embedded(t)) })
	t.Run("kafka", func(t *testing.T) { test(t, dial(t, exchange.Config{Brokers: kafkatest.Start(t)})) })
}

func sample() Entry {
	return Entry{
		Time: time.Date(2026, 9, 22, 16, 44, 25, 123456789, datarun.China), Kind: Lookup, Agency: "11420700MB0000000A",
		Operator: "window 12", Resource: "306001/000001", Grant: "g-1", Purpose: `"a" <b> & c\d 购房`, Case: "C-1",
		Subjects: []string{"00ff", "11ee"}, Count: 1,
	}
}

// TestGoldenEntry fixes the canonical form: whoever checks a chain from outside depends on every byte of it.
func TestGoldenEntry(t *testing.T) {
	e := sample()
	e.link("hub-1", 1, zeroHash)
	const canonical = `{"hub":"hub-1","seq":1,"time":"2026-09-22T08:44:25.123456Z","kind":"lookup","agency":"11420700MB0000000A",` +
		`"operator":"window 12","resource":"306001/000001","grant":"g-1","purpose":"\"a\" <b> & c\\d 购房","case":"C-1","subjects":["00ff","11ee"],"count":1}`
	if got := string(e.canonical()); got != canonical {
		t.Errorf("canonical form\n%s\nwant\n%s", got, canonical)
	}
	const hash = "ff71de5d828e12466979954b58dd2d61f93d5fc41be586db5c655c899f26c988"
	want := canonical[:len(canonical)-1] + `,"prev":"` + zeroHash + `","hash":"` + hash + `"}`
	if got := string(e.stored()); got != want {
		t.Errorf("stored\n%s\nwant\n%s", got, want)
	}
	least := Entry{Kind: Publish, Time: time.Unix(0, 0)}
	least.link("h", 2, e.Hash)
	if got, want := string(least.canonical()), `{"hub":"h","seq":2,"time":"1970-01-01T00:00:00.000000Z","kind":"publish","agency":"","count":0}`; got != want {
		t.Errorf("canonical form\n%s\nwant\n%s", got, want)
	}
	if _, reason := parse(e.stored()); reason != "" {
		t.Error(reason)
	}
}

func TestEveryChangeOfAnEntryShows(t *testing.T) {
	e := sample()
	e.link("hub-1", 1, zeroHash)
	stored := e.stored()
	for i := range stored {
		for _, bit := range []byte{1, 32} {
			changed := bytes.Clone(stored)
			changed[i] ^= bit
			got, reason := parse(changed)
			w := walk{Report: Report{Heads: map[string]Entry{}}, whole: true}
			if reason == "" {
				reason = w.fits(&got)
			}
			if reason == "" {
				t.Errorf("byte %d changed from %q to %q and nothing shows", i, stored[i], changed[i])
			}
		}
	}
}

func TestWriteAndVerify(t *testing.T) {
	onBoth(t, func(t *testing.T, c *exchange.Cluster) {
		ctx, topic := t.Context(), "ledger.write"
		one, err := openTopic(ctx, c, topic, "one")
		if err != nil {
			t.Fatal(err)
		}
		two, err := openTopic(ctx, c, topic, "two")
		if err != nil {
			t.Fatal(err)
		}
		var wait sync.WaitGroup
		for range 10 {
			for _, l := range []*Ledger{one, two} {
				wait.Go(func() {
					for range 20 {
						if _, err := l.Write(ctx, sample(), sample()); err != nil {
							t.Error(err)
						}
					}
				})
			}
		}
		wait.Wait()
		// The chain of one goes on after a restart, though two has written a lot since.
		for range 5 {
			entries := make([]Entry, firstLook)
			for i := range entries {
				entries[i] = sample()
			}
			if _, err := two.Write(ctx, entries...); err != nil {
				t.Fatal(err)
			}
		}
		again, err := openTopic(ctx, c, topic, "one")
		if err != nil {
			t.Fatal(err)
		}
		again.lost = true // as after an append that was never answered
		if _, err := again.Write(ctx, sample()); err != nil {
			t.Fatal(err)
		}
		report, err := again.Verify(ctx)
		if err != nil || report.Break != nil {
			t.Fatalf("%+v, %v", report.Break, err)
		}
		if report.Heads["one"].Seq != 401 || report.Heads["two"].Seq != 5400 || report.Entries != 5801 {
			t.Errorf("%d entries, heads %d and %d", report.Entries, report.Heads["one"].Seq, report.Heads["two"].Seq)
		}
		n := 0
		if err := one.Read(ctx, 0, func(_ int64, e Entry) error {
			if n++; e.Purpose != sample().Purpose {
				return fmt.Errorf("entry %d: %+v", n, e)
			}
			return nil
		}); err != nil || n != 5801 {
			t.Errorf("read %d entries, %v", n, err)
		}
	})
}

func TestTampering(t *testing.T) {
	onBoth(t, func(t *testing.T, c *exchange.Cluster) {
		chain := make([]Entry, 4)
		hash := zeroHash
		for i := range chain {
			chain[i] = sample()
			chain[i].link("hub", uint64(i+1), hash)
			hash = chain[i].Hash
		}
		forged := chain[2]
		forged.Count = 0
		relinked := forged
		relinked.link("hub", 3, chain[1].Hash)
		for name, tc := range map[string]struct {
			entries []Entry
			raw     string
			at      int64
			reason  string
		}{
			"whole":      {entries: chain, at: -1},
			"changed":    {entries: []Entry{chain[0], chain[1], forged, chain[3]}, at: 2, reason: "content"},
			"relinked":   {entries: []Entry{chain[0], chain[1], relinked, chain[3]}, at: 3, reason: "hash of number 3"},
			"removed":    {entries: []Entry{chain[0], chain[1], chain[3]}, at: 2, reason: "follows number 2"},
			"doubled":    {entries: []Entry{chain[0], chain[1], chain[1]}, at: 2, reason: "follows number 2"},
			"front gone": {entries: chain[1:], at: 0, reason: "begins with number 2"},
			"no entry":   {entries: chain, raw: `{"hub":"hub"}`, at: 4, reason: "canonical"},
			"no JSON":    {entries: chain, raw: `x`, at: 4, reason: "not an entry"},
		} {
			topic := "ledger.tamper." + strings.ReplaceAll(name, " ", "-")
			l, err := openTopic(t.Context(), c, topic, "hub")
			if err != nil {
				t.Fatal(err)
			}
			var values [][]byte
			for i := range tc.entries {
				values = append(values, tc.entries[i].stored())
			}
			if tc.raw != "" {
				values = append(values, []byte(tc.raw))
			}
			if _, err := l.log.Append(t.Context(), values...); err != nil {
				t.Fatal(err)
			}
			report, err := l.Verify(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if tc.at < 0 {
				if report.Break != nil {
					t.Errorf("%s: %+v", name, report.Break)
				}
				continue
			}
			if b := report.Break; b == nil || b.Offset != tc.at || !strings.Contains(b.Reason, tc.reason) {
				t.Errorf("%s: break %+v, want one at offset %d: …%s…", name, b, tc.at, tc.reason)
			}
		}
	})
}

func TestWriteErrors(t *testing.T) {
	c := embedded(t)
	l, err := Open(t.Context(), c, "hub")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Write(ctx, sample()); err != nil && datarun.KindOf(err) != datarun.Unavailable {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := l.Write(t.Context(), sample()); err != nil {
		t.Error(err)
	}
	if r, err := l.Verify(t.Context()); err != nil || r.Break != nil {
		t.Errorf("%+v %v", r.Break, err)
	}
	if _, err := Open(t.Context(), c, ""); datarun.KindOf(err) != datarun.Invalid {
		t.Errorf("no hub: %v", err)
	}
}

func BenchmarkWrite(b *testing.B) {
	br, err := broker.Open(b.TempDir(), broker.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer br.Close()
	creds := br.Credentials()
	c, err := exchange.Open(b.Context(), exchange.Config{Brokers: []string{br.Addr()}, SASL: exchange.SASL{Mechanism: creds.Mechanism, User: creds.User, Password: creds.Password}})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	l, err := Open(b.Context(), c, "hub")
	if err != nil {
		b.Fatal(err)
	}
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := l.Write(b.Context(), sample()); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
