package exchange

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"datarun"
	"datarun/exchange/broker"
)

func TestLog(t *testing.T) {
	onBoth(t, func(t *testing.T, c *Cluster, _ Config) {
		ctx := t.Context()
		l, err := OpenLog(ctx, c, newName(t))
		if err != nil {
			t.Fatal(err)
		}
		if end, err := l.End(ctx); end != 0 || err != nil {
			t.Errorf("end of an empty log %d, %v", end, err)
		}
		var wait sync.WaitGroup
		for w := range 10 {
			wait.Go(func() {
				for i := range 20 {
					a, b := fmt.Sprintf("%d/%d/a", w, i), fmt.Sprintf("%d/%d/b", w, i)
					first, err := l.Append(ctx, []byte(a), []byte(b))
					if err != nil {
						t.Error(err)
						return
					}
					n := 0
					if err := l.Read(ctx, first, func(offset int64, _ time.Time, value []byte) error {
						if want := []string{a, b}[n]; offset != first+int64(n) || string(value) != want {
							t.Errorf("offset %d: %s, want %s", offset, value, want)
						}
						if n++; n == 2 {
							return errDone
						}
						return nil
					}); !errors.Is(err, errDone) {
						t.Error(err)
					}
				}
			})
		}
		wait.Wait()
		if end, err := l.End(ctx); end != 400 || err != nil {
			t.Errorf("end %d, %v", end, err)
		}
		random := make([]byte, 3<<20)
		if _, err := rand.Read(random); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Append(ctx, make([]byte, 1), random); datarun.KindOf(err) != datarun.Invalid {
			t.Errorf("too large: %v", err)
		}
		if err := l.Read(ctx, 1000, func(int64, time.Time, []byte) error { return nil }); err != nil {
			t.Errorf("from behind the end: %v", err)
		}
		follow(t, l)
	})
}

var errDone = errors.New("done")

func follow(t *testing.T, l *Log) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	seen := make(chan string)
	done := make(chan error)
	go func() {
		done <- l.Follow(ctx, 399, func(_ int64, _ time.Time, value []byte) error {
			seen <- string(value)
			return nil
		})
	}()
	<-seen
	for i := range 3 {
		if _, err := l.Append(t.Context(), fmt.Append(nil, "news ", i)); err != nil {
			t.Fatal(err)
		}
		if got := <-seen; got != fmt.Sprint("news ", i) {
			t.Errorf("followed to %q", got)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestTable(t *testing.T) {
	onBoth(t, func(t *testing.T, c *Cluster, _ Config) {
		ctx, name := t.Context(), newName(t)
		one, err := OpenTable(ctx, c, name)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 50 {
			if err := one.Set(ctx, fmt.Sprintf("k%d", i%5), fmt.Append(nil, i)); err != nil {
				t.Fatal(err)
			}
		}
		if err := one.Set(ctx, "k4", nil); err != nil {
			t.Fatal(err)
		}
		two, err := OpenTable(ctx, c, name)
		if err != nil {
			t.Fatal(err)
		}
		if err := one.Set(ctx, "k0", []byte("new")); err != nil {
			t.Fatal(err)
		}
		for _, table := range []*Table{one, two} {
			if err := table.Refresh(ctx); err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for _, k := range table.Keys() {
				v, _ := table.Get(k)
				got[k] = string(v)
			}
			if want := (map[string]string{"k0": "new", "k1": "46", "k2": "47", "k3": "48"}); !reflect.DeepEqual(got, want) {
				t.Errorf("table %v, want %v", got, want)
			}
			if _, ok := table.Get("k4"); ok {
				t.Error("a deleted key is there")
			}
		}
	})
}

func TestTableIsTrimmedOnTheEmbeddedBroker(t *testing.T) {
	dir := t.TempDir()
	b, err := broker.Open(dir, broker.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	creds := b.Credentials()
	cfg := Config{Brokers: []string{b.Addr()}, Embedded: true, SASL: SASL{Mechanism: creds.Mechanism, User: creds.User, Password: creds.Password}}
	c := dial(t, cfg)
	table, err := OpenTable(t.Context(), c, "table")
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	const writers, rounds = 20, trimRecords/20 + 50
	for w := range writers {
		wait.Go(func() {
			for i := range rounds {
				if err := table.Set(t.Context(), fmt.Sprint("key", w), fmt.Append(nil, i)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wait.Wait()
	start, end, err := c.bounds(t.Context(), place{topic: "table"})
	if err != nil {
		t.Fatal(err)
	}
	if end-start > 2000 {
		t.Errorf("log holds %d to %d", start, end)
	}
	c.Close()
	b.Close()
	again, err := OpenTable(t.Context(), dial(t, startIn(t, dir, broker.Options{NoSync: true})), "table")
	if err != nil {
		t.Fatal(err)
	}
	for w := range writers {
		if v, _ := again.Get(fmt.Sprint("key", w)); string(v) != fmt.Sprint(rounds-1) {
			t.Errorf("key%d is %s", w, v)
		}
	}
}
