package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"datarun"
)

// readAll returns every message of a topic by partition.
func readAll(t testing.TB, c *Cluster, topic string) [][]datarun.Message {
	t.Helper()
	n, err := c.Partitions(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	all := make([][]datarun.Message, n)
	for i := range all {
		at := place{topic, int32(i)}
		start, end, err := c.bounds(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.follow(t.Context(), at, start, end, func(m *datarun.Message) error {
			all[i] = append(all[i], *m)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestPublishIsReadBack(t *testing.T) {
	onBoth(t, func(t *testing.T, c *Cluster, _ Config) {
		for _, codec := range []Compression{None, Snappy, LZ4, Zstd} {
			topic, code := newTopic(t, c, 3)
			envs := envelopes(code, 0, 5000, 100)
			envs[4999].Op, envs[4999].Value = datarun.Delete, nil
			p := NewPublisher(c, PublisherConfig{Compression: codec, BatchBytes: 100_000})
			if err := p.Publish(t.Context(), topic, envs); err != nil {
				t.Fatal(err)
			}
			if err := p.Publish(t.Context(), topic, nil); err != nil {
				t.Fatal(err)
			}
			want, got := map[string][]string{}, map[string][]string{}
			for _, e := range envs {
				want[e.Key] = append(want[e.Key], string(e.Value))
			}
			for i, messages := range readAll(t, c, topic) {
				for _, m := range messages {
					got[string(m.Key)] = append(got[string(m.Key)], string(m.Value))
					if PartitionOf(string(m.Key), 3) != i {
						t.Fatalf("key in partition %d", i)
					}
				}
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: what was read is not what was published, or not in order", codec)
			}
		}
	})
}

// TestForeignReader checks that another client sees a CloudEvents event. kafka-go's own Reader stands for it.
func TestForeignReader(t *testing.T) {
	onBoth(t, func(t *testing.T, c *Cluster, cfg Config) {
		topic, code := newTopic(t, c, 1)
		publish(t, c, topic, envelopes(code, 0, 100, 100))
		r := kafka.NewReader(kafka.ReaderConfig{Brokers: cfg.Brokers, Topic: topic, Dialer: c.dialer, MaxWait: 100 * time.Millisecond})
		defer r.Close()
		m, err := r.ReadMessage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		headers := map[string]string{}
		for _, h := range m.Headers {
			headers[h.Key] = string(h.Value)
		}
		want := map[string]string{
			"ce_specversion": "1.0", "ce_id": "id-00000000", "ce_source": "connector/test/rows", "ce_type": TypeUpsert,
			"ce_subject": "key-000000", "ce_time": "2026-09-21T14:13:20.000Z", "ce_dataschema": schemaURI(code, 1), "content-type": "application/json",
		}
		if !reflect.DeepEqual(headers, want) {
			t.Errorf("headers %v\nwant %v", headers, want)
		}
	})
}

// TestForeignWriter checks that what another client produces is read, with any compression and with headers that are
// missing, doubled or not CloudEvents.
func TestForeignWriter(t *testing.T) {
	onBoth(t, func(t *testing.T, c *Cluster, cfg Config) {
		topic, _ := newTopic(t, c, 1)
		codecs := []kafka.Compression{0, kafka.Gzip, kafka.Snappy, kafka.Lz4, kafka.Zstd}
		for i, codec := range codecs {
			w := &kafka.Writer{
				Addr: kafka.TCP(cfg.Brokers...), Topic: topic, RequiredAcks: kafka.RequireAll, Compression: codec, BatchTimeout: time.Millisecond,
				Transport: &kafka.Transport{SASL: c.transport.SASL},
			}
			value := strings.Repeat("x", 2000)
			if err := w.WriteMessages(t.Context(),
				kafka.Message{Key: []byte{byte(i)}, Value: []byte(value), Headers: []kafka.Header{{Key: "ce_id", Value: []byte("1")}, {Key: "ce_id", Value: []byte("2")}, {Key: ""}}},
				kafka.Message{Value: []byte(value)}); err != nil {
				t.Fatal(err)
			}
			w.Close()
		}
		all := readAll(t, c, topic)[0]
		if len(all) != 2*len(codecs) {
			t.Fatalf("%d messages", len(all))
		}
		for _, m := range all {
			if len(m.Value) != 2000 {
				t.Errorf("offset %d: %d bytes", m.Offset, len(m.Value))
			}
		}
	})
}

func TestOrderPerKeyUnderConcurrentPublishes(t *testing.T) {
	onBoth(t, func(t *testing.T, c *Cluster, _ Config) {
		topic, code := newTopic(t, c, 4)
		p := NewPublisher(c, PublisherConfig{BatchBytes: 5000})
		var wait sync.WaitGroup
		for w := range 8 {
			wait.Go(func() {
				for round := range 20 {
					envs := envelopes(code, round*50, 50, 10)
					for i := range envs {
						envs[i].Key = fmt.Sprintf("%d/%s", w, envs[i].Key)
						envs[i].Value = fmt.Appendf(nil, "%06d", round*50+i)
					}
					if err := p.Publish(t.Context(), topic, envs); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wait.Wait()
		checkOrder(t, readAll(t, c, topic), 8*20*50)
	})
}

// checkOrder checks that the values of every key rise, none twice, and that there are n in all.
func checkOrder(t *testing.T, all [][]datarun.Message, n int) {
	t.Helper()
	last, total := map[string]string{}, 0
	for _, messages := range all {
		for _, m := range messages {
			total++
			if key := string(m.Key); string(m.Value) <= last[key] {
				t.Fatalf("key %s: %s after %s", key, m.Value, last[key])
			} else {
				last[key] = string(m.Value)
			}
		}
	}
	if total != n {
		t.Errorf("%d messages, want %d", total, n)
	}
}

func TestTooLarge(t *testing.T) {
	onBoth(t, func(t *testing.T, c *Cluster, _ Config) {
		name := newName(t)
		if err := c.EnsureTopic(t.Context(), Topic{Name: name, Partitions: 2, MaxMessage: 20_000}); err != nil {
			t.Fatal(err)
		}
		p := NewPublisher(c, PublisherConfig{Compression: None})
		envs := envelopes("306001/000001", 0, 300, 300)
		if err := p.Publish(t.Context(), name, envs); err != nil {
			t.Fatal("a batch larger than the topic takes is to be split:", err)
		}
		envs[137].Value = []byte(`"` + strings.Repeat("secret", 5000) + `"`)
		err := p.Publish(t.Context(), name, envs)
		if datarun.KindOf(err) != datarun.Invalid || !strings.Contains(err.Error(), "137") || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "secret") {
			t.Errorf("error %v", err)
		}
		if err := p.Publish(t.Context(), name, envs[:100]); err != nil {
			t.Error("afterwards:", err)
		}
		envs[1].Value = nil
		if err := p.Publish(t.Context(), name, envs[:3]); datarun.KindOf(err) != datarun.Invalid {
			t.Errorf("an upsert without value: %v", err)
		}
	})
}

func TestPublishToNowhere(t *testing.T) {
	onBoth(t, func(t *testing.T, c *Cluster, _ Config) {
		err := NewPublisher(c, PublisherConfig{}).Publish(t.Context(), newName(t), envelopes("306001/000001", 0, 1, 1))
		if datarun.KindOf(err) != datarun.NotFound {
			t.Errorf("no such topic: %v", err)
		}
	})
}

// flaky is a TCP proxy that cuts connections, some after the request went through, so that the answer is lost.
type flaky struct {
	net.Listener
	to   string
	cuts atomic.Int32 // answers still to be lost
}

func newFlaky(t *testing.T, addr, to string) *flaky {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	f := &flaky{Listener: l, to: to}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go f.pass(conn)
		}
	}()
	return f
}

func (f *flaky) pass(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", f.to)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		_, _ = io.Copy(server, client)
		server.Close()
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := server.Read(buf)
		if err != nil {
			return
		}
		if n < 200 && f.cuts.Add(-1) >= 0 {
			return // what the broker did is done; nobody hears of it
		}
		if _, err := client.Write(buf[:n]); err != nil {
			return
		}
	}
}

func TestLostAnswersDoubleNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, c *Cluster, cfg Config) {
		topic, code := newTopic(t, c, 2)
		proxy := newFlaky(t, "127.0.0.1:0", cfg.Brokers[0])
		// The broker's own address leads past the proxy, so every dial is turned to it.
		c.transport.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, proxy.Addr().String())
		}
		c.transport.CloseIdleConnections()
		p := NewPublisher(c, PublisherConfig{BatchBytes: 2000})
		n := 0
		for round := range 30 {
			proxy.cuts.Store(int32(round % 4))
			envs := envelopes(code, round*40, 40, 7)
			for i := range envs {
				envs[i].Value = fmt.Appendf(nil, "%06d", n)
				n++
			}
			if err := p.Publish(t.Context(), topic, envs); err != nil {
				t.Fatal(err)
			}
		}
		proxy.cuts.Store(0)
		checkOrder(t, readAll(t, c, topic), n)
	})
}

func TestPublishGivesUp(t *testing.T) {
	cfg := embedded(t)
	cfg.Timeout = time.Second
	c := dial(t, cfg)
	topic, code := newTopic(t, c, 1)
	p := NewPublisher(c, PublisherConfig{})
	if err := p.Publish(t.Context(), topic, envelopes(code, 0, 1, 1)); err != nil {
		t.Fatal(err)
	}
	c.transport.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("cable pulled") }
	c.transport.CloseIdleConnections()
	if err := p.Publish(t.Context(), topic, envelopes(code, 0, 1, 1)); datarun.KindOf(err) != datarun.Unavailable {
		t.Errorf("broker away: %v", err)
	}
	c.transport.Dial = nil
	c.transport.CloseIdleConnections()
	if err := p.Publish(t.Context(), topic, envelopes(code, 0, 1, 1)); err != nil {
		t.Errorf("broker back: %v", err)
	}
}

func TestPublishCancelled(t *testing.T) {
	c := dial(t, embedded(t))
	topic, code := newTopic(t, c, 1)
	p := NewPublisher(c, PublisherConfig{})
	for range 50 {
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		envs := envelopes(code, 0, 2000, 10)
		_ = p.Publish(ctx, topic, envs) // either way
		for i := range envs {
			envs[i] = datarun.Envelope{} // the race detector sees whether somebody still reads
		}
	}
	if err := p.Publish(t.Context(), topic, envelopes(code, 0, 10, 10)); err != nil {
		t.Error(err)
	}
}
