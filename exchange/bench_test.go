package exchange

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"datarun"
	"datarun/exchange/broker"
)

// benchCluster opens a cluster whose topic has two partitions, on a broker that syncs or not.
func benchCluster(b *testing.B, noSync bool) (*Cluster, string) {
	c := dial(b, startIn(b, b.TempDir(), broker.Options{NoSync: noSync}))
	topic, _ := newTopic(b, c, 2)
	return c, topic
}

// benchEnvelopes makes rows about as hard to compress as real ones: digits, names and codes that do not repeat.
func benchEnvelopes() []datarun.Envelope {
	rng := rand.New(rand.NewPCG(1, 2))
	envs := envelopes(benchCode, 0, benchBatch, benchBatch)
	for i := range envs {
		e := &envs[i]
		e.Key = fmt.Sprintf("4207%014d", rng.Int64N(1e14))
		e.ID = fmt.Sprintf("%016x", rng.Uint64())
		e.Value = fmt.Appendf(nil, `{"cert":"%s","holder":"%018d","name":"%c%c%c","status":"%d","issued":"20%02d-%02d-%02d","area":"%d.%02d","note":"%x"}`,
			e.Key, rng.Int64N(1e18), 0x4e00+rng.IntN(5000), 0x4e00+rng.IntN(5000), 0x4e00+rng.IntN(5000), rng.IntN(4),
			rng.IntN(26), 1+rng.IntN(12), 1+rng.IntN(28), rng.IntN(300), rng.IntN(100), rng.Uint64())
	}
	return envs
}

const (
	benchBatch = 10000
	benchCode  = datarun.ResourceCode("306001/000001")
)

// BenchmarkPublish measures publisher and embedded broker together; one operation is one record.
func BenchmarkPublish(b *testing.B) {
	envs := benchEnvelopes()
	for _, codec := range []Compression{None, Snappy, LZ4, Zstd} {
		for _, noSync := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/sync=%t", codec, !noSync), func(b *testing.B) {
				c, topic := benchCluster(b, noSync)
				p := NewPublisher(c, PublisherConfig{Compression: codec})
				b.ReportAllocs()
				b.ResetTimer()
				for n := 0; n < b.N; n += benchBatch {
					if err := p.Publish(b.Context(), topic, envs[:min(benchBatch, b.N-n)]); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkEncode measures what the publisher alone costs per record.
func BenchmarkEncode(b *testing.B) {
	envs := benchEnvelopes()
	for _, codec := range []Compression{None, Snappy, LZ4, Zstd} {
		b.Run(string(codec), func(b *testing.B) {
			b.ReportAllocs()
			var q produceRequest
			var x eventEncoder
			q.batch.reset(0)
			size, records := 0, 0
			for n := range b.N {
				e := &envs[n%benchBatch]
				_ = PartitionOf(e.Key, 2)
				add(&q.batch, e.Key, true, e.Value, x.encode(e))
				if len(q.batch.buf) > 1_000_000 || n == b.N-1 {
					q.finish("datarun", "t", 0, 0, codec, producer{})
					size, records = size+len(q.wire), records+q.batch.count
					q.batch.reset(0)
				}
			}
			b.ReportMetric(float64(size)/float64(records), "B/record")
		})
	}
}

// BenchmarkSubscribe measures reading through a group from the embedded broker; one operation is one record.
func BenchmarkSubscribe(b *testing.B) {
	envs := benchEnvelopes()
	for _, codec := range []Compression{None, Snappy, LZ4, Zstd} {
		b.Run(string(codec), func(b *testing.B) {
			c, topic := benchCluster(b, true)
			p := NewPublisher(c, PublisherConfig{Compression: codec})
			for n := 0; n < b.N; n += benchBatch {
				if err := p.Publish(b.Context(), topic, envs[:min(benchBatch, b.N-n)]); err != nil {
					b.Fatal(err)
				}
			}
			s := NewSubscriber(c, SubscriberConfig{Group: "g", Topics: []string{topic}})
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			var seen atomic.Int64
			b.ReportAllocs()
			b.ResetTimer()
			if err := s.Run(ctx, func(ctx context.Context, d datarun.Delivery) error {
				if seen.Add(int64(len(d.Messages))) >= int64(b.N) {
					b.StopTimer()
					cancel()
				}
				return nil
			}); err != nil {
				b.Fatal(err)
			}
		})
	}
}
