package exchange

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"datarun"
)

// running is a subscriber at work.
type running struct {
	*Subscriber
	got    chan datarun.Delivery
	cancel context.CancelFunc
	done   chan error
}

// subscribe runs a subscriber whose deliveries come out of got. It ends with the test.
func subscribe(t testing.TB, c *Cluster, cfg SubscriberConfig) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{Subscriber: NewSubscriber(c, cfg), got: make(chan datarun.Delivery), cancel: cancel, done: make(chan error, 1)}
	go func() {
		r.done <- r.Run(ctx, func(ctx context.Context, d datarun.Delivery) error {
			select {
			case r.got <- d:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	t.Cleanup(func() { r.stop(t) })
	return r
}

func (r *running) stop(t testing.TB) {
	t.Helper()
	r.cancel()
	select {
	case err := <-r.done:
		if err != nil {
			t.Errorf("run: %v", err)
		}
		r.done <- nil
	case <-time.After(30 * time.Second):
		t.Error("run does not end")
	}
}

// takeAll receives n messages, and commits and counts them by topic partition.
func (r *running) takeAll(t testing.TB, n int) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for n > 0 {
		d := <-r.got
		n -= len(d.Messages)
		counts[fmt.Sprintf("%s/%d", d.Resource.Dotted(), d.Partition)] += len(d.Messages)
		if err := d.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n < 0 {
		t.Errorf("%d messages too many", -n)
	}
	return counts
}

func TestSubscribe(t *testing.T) {
	onBoth(t, func(t *testing.T, c *Cluster, _ Config) {
		topic, code := newTopic(t, c, 3)
		publish(t, c, topic, envelopes(code, 0, 20000, 1000))
		group := newName(t)
		s := subscribe(t, c, SubscriberConfig{Group: group, Topics: []string{topic}, FetchBytes: 50_000})
		next := map[int]int64{}
		for n := 0; n < 20000; {
			d := <-s.got
			if d.Resource != code || d.Generation != 0 {
				t.Fatalf("delivery of %s generation %d", d.Resource, d.Generation)
			}
			for _, m := range d.Messages {
				if m.Offset != next[d.Partition] {
					t.Fatalf("partition %d: offset %d, want %d", d.Partition, m.Offset, next[d.Partition])
				}
				next[d.Partition]++
			}
			n += len(d.Messages)
			if err := d.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		lags, err := s.Lag(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(lags) != 3 {
			t.Fatalf("lag of %d partitions", len(lags))
		}
		for _, l := range lags {
			if l.Committed != l.End || l.End != next[l.Partition] {
				t.Errorf("lag %+v, read to %d", l, next[l.Partition])
			}
		}
		s.stop(t)

		// Another member of the group goes on where the first one committed.
		publish(t, c, topic, envelopes(code, 0, 10, 10))
		again := subscribe(t, c, SubscriberConfig{Group: group, Topics: []string{topic}})
		again.takeAll(t, 10)
	})
}

func TestNewsComeSoon(t *testing.T) {
	onBoth(t, func(t *testing.T, c *Cluster, _ Config) {
		topic, code := newTopic(t, c, 2)
		s := subscribe(t, c, SubscriberConfig{Group: newName(t), Topics: []string{topic}})
		for i := range 20 {
			publish(t, c, topic, envelopes(code, i, 1, 100))
			s.takeAll(t, 1)
		}
	})
}

func TestTopicsChangeWhileRunning(t *testing.T) {
	onBoth(t, func(t *testing.T, c *Cluster, _ Config) {
		one, oneCode := newTopic(t, c, 2)
		two, twoCode := newTopic(t, c, 2)
		publish(t, c, one, envelopes(oneCode, 0, 100, 100))
		publish(t, c, two, envelopes(twoCode, 0, 100, 100))
		s := subscribe(t, c, SubscriberConfig{Group: newName(t)})
		s.SetTopics([]string{one, "share.306001.nothere"})
		s.takeAll(t, 100)
		s.SetTopics([]string{two, one, two})
		if got := s.takeAll(t, 100); got[twoCode.Dotted()+"/0"]+got[twoCode.Dotted()+"/1"] != 100 {
			t.Errorf("of the new topic: %v", got)
		}
	})
}

func TestRebalance(t *testing.T) {
	onBoth(t, func(t *testing.T, c *Cluster, cfg Config) {
		topic, code := newTopic(t, c, 4)
		group := newName(t)
		publish(t, c, topic, envelopes(code, 0, 400, 400))
		one := subscribe(t, c, SubscriberConfig{Group: group, Topics: []string{topic}, Session: 6 * time.Second})
		held := <-one.got // not committed
		var mu sync.Mutex
		seen := map[int]int{} // partition → member, of the newest delivery
		go func() {
			for d := range one.got {
				mu.Lock()
				seen[d.Partition] = 1
				mu.Unlock()
				_ = d.Commit(context.Background())
			}
		}()
		two := subscribe(t, dial(t, cfg), SubscriberConfig{Group: group, Topics: []string{topic}, Session: 6 * time.Second})
		go func() {
			for d := range two.got {
				mu.Lock()
				seen[d.Partition] = 2
				mu.Unlock()
				_ = d.Commit(context.Background())
			}
		}()
		p := NewPublisher(c, PublisherConfig{})
		for split := false; !split; {
			if err := p.Publish(t.Context(), topic, envelopes(code, 0, 40, 40)); err != nil {
				t.Fatal(err)
			}
			mu.Lock()
			members := map[int]int{}
			for _, m := range seen {
				members[m]++
			}
			split = members[1] == 2 && members[2] == 2
			mu.Unlock()
			time.Sleep(20 * time.Millisecond)
		}
		if err := held.Commit(t.Context()); datarun.KindOf(err) != datarun.Conflict {
			t.Errorf("commit of an earlier generation: %v", err)
		}
	})
}

func TestHandlerErrors(t *testing.T) {
	onBoth(t, func(t *testing.T, c *Cluster, _ Config) {
		topic, code := newTopic(t, c, 1)
		publish(t, c, topic, envelopes(code, 0, 100, 100))
		calls := 0
		err := NewSubscriber(c, SubscriberConfig{Group: newName(t), Topics: []string{topic}}).Run(t.Context(),
			func(ctx context.Context, d datarun.Delivery) error {
				if calls++; d.Messages[0].Offset != 0 {
					t.Errorf("call %d: offset %d", calls, d.Messages[0].Offset)
				}
				if calls < 3 {
					return datarun.Errorf(datarun.Unavailable, "warehouse", "away")
				}
				return datarun.Errorf(datarun.Internal, "warehouse", "a bug")
			})
		if calls != 3 || datarun.KindOf(err) != datarun.Internal {
			t.Errorf("%d calls, %v", calls, err)
		}
	})
}

func TestTrimmedLogIsAFault(t *testing.T) {
	onBoth(t, func(t *testing.T, c *Cluster, _ Config) {
		topic, code := newTopic(t, c, 2)
		publish(t, c, topic, envelopes(code, 0, 100, 100))
		group := newName(t)
		first := subscribe(t, c, SubscriberConfig{Group: group, Topics: []string{topic}})
		counts := first.takeAll(t, 100)
		first.stop(t)
		for round := range 3 {
			publish(t, c, topic, envelopes(code, round*100, 100, 100))
		}
		trim := int64(counts[code.Dotted()+"/0"] + 20)
		if err := c.deleteRecords(t.Context(), place{topic, 0}, trim); err != nil {
			t.Fatal(err)
		}
		faults := make(chan error, 10)
		s := subscribe(t, c, SubscriberConfig{Group: group, Topics: []string{topic}, OnFault: func(topic string, partition int, err error) {
			if partition != 0 {
				t.Errorf("partition %d stands still", partition)
			}
			faults <- err
		}})
		want := 3 * counts[code.Dotted()+"/1"]
		got := s.takeAll(t, want)
		if got[code.Dotted()+"/0"] != 0 {
			t.Error("the gap was skipped")
		}
		err := <-faults
		if datarun.KindOf(err) != datarun.Corrupt || !strings.Contains(err.Error(), topic+" partition 0") ||
			!strings.Contains(err.Error(), fmt.Sprintf("offset %d ", counts[code.Dotted()+"/0"])) || !strings.Contains(err.Error(), fmt.Sprint(trim)) {
			t.Errorf("fault %v", err)
		}
		s.stop(t)
		plain := NewSubscriber(c, SubscriberConfig{Group: group, Topics: []string{topic}})
		if err := plain.Run(t.Context(), func(context.Context, datarun.Delivery) error { return nil }); datarun.KindOf(err) != datarun.Corrupt {
			t.Errorf("without OnFault: %v", err)
		}
	})
}

// TestBlockedHandlerBoundsMemory checks that what is fetched and not handled stays within the budget.
func TestBlockedHandlerBoundsMemory(t *testing.T) {
	onBoth(t, func(t *testing.T, c *Cluster, _ Config) {
		const budget = 2 << 20
		topic, code := newTopic(t, c, 8)
		publish(t, c, topic, envelopes(code, 0, 60000, 60000))
		ctx, cancel := context.WithCancel(t.Context())
		var mu sync.Mutex
		total, bytes := 0, 0
		release := make(chan struct{})
		go func() {
			time.Sleep(time.Second) // for it to do wrong, if it does
			mu.Lock()
			defer mu.Unlock()
			if bytes > 2*budget {
				t.Errorf("%d bytes handed out with a budget of %d", bytes, budget)
			}
			close(release)
		}()
		err := NewSubscriber(c, SubscriberConfig{Group: newName(t), Topics: []string{topic}, InFlight: budget, FetchBytes: 256 << 10}).Run(ctx,
			func(ctx context.Context, d datarun.Delivery) error {
				mu.Lock()
				for _, m := range d.Messages {
					bytes += len(m.Key) + len(m.Value)
				}
				total += len(d.Messages)
				all := total == 60000
				mu.Unlock()
				<-release
				if all {
					cancel()
				}
				return nil
			})
		if err != nil || total != 60000 {
			t.Errorf("%d messages, %v", total, err)
		}
	})
}

func TestBatchLargerThanFetch(t *testing.T) {
	onBoth(t, func(t *testing.T, c *Cluster, _ Config) {
		topic, code := newTopic(t, c, 8)
		if err := NewPublisher(c, PublisherConfig{Compression: None}).Publish(t.Context(), topic, envelopes(code, 0, 8000, 8000)); err != nil {
			t.Fatal(err)
		}
		s := subscribe(t, c, SubscriberConfig{Group: newName(t), Topics: []string{topic}, FetchBytes: 1000})
		s.takeAll(t, 8000)
	})
}
