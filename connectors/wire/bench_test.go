package wire_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"datarun"
	"datarun/connectors"
)

func tick() <-chan time.Time { return time.After(200 * time.Millisecond) }

// BenchmarkRead carries rows of 160 bytes over both halves of the wire; an iteration is one row.
func BenchmarkRead(b *testing.B) {
	for _, size := range []int{1000, 5000} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			row := []byte(fmt.Sprintf(`{"id":"420704199001011234","name":"张三","street":"%090d","value":"12.50"}`, 7))
			records := make([]datarun.Record, size)
			for i := range records {
				records[i].Data = row
			}
			remote := open(b, &source{read: func(_ context.Context, _ connectors.Stream, _ datarun.Position, emit func(datarun.Batch) error) error {
				for left := b.N; left > 0; left -= size {
					if err := emit(datarun.Batch{Records: records[:min(left, size)], Position: datarun.Position("p")}); err != nil {
						return err
					}
				}
				return nil
			}})
			b.SetBytes(int64(len(row)))
			b.ReportAllocs()
			b.ResetTimer()
			got := 0
			err := remote.Read(b.Context(), connectors.Stream{}, nil, func(batch datarun.Batch) error { got += len(batch.Records); return nil })
			if err != nil || got != b.N {
				b.Fatalf("%d of %d rows: %v", got, b.N, err)
			}
		})
	}
}
