package files

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"datarun"
	"datarun/connectors"
)

func benchCSV(b *testing.B, content []byte, rows int, options string) {
	d := newDrop(b, "")
	if err := os.WriteFile(filepath.Join(d.dir, "f.csv"), content, 0o644); err != nil {
		b.Fatal(err)
	}
	stream := connectors.Stream{Name: "s", Object: "f.csv", Options: []byte(options), Items: []datarun.Item{
		{Name: "id", Type: "C"}, {Name: "name", Type: "C"}, {Name: "born", Type: "D"}, {Name: "at", Type: "T"},
		{Name: "area", Type: "N"}, {Name: "division", Type: "C"}, {Name: "n", Type: "I"},
	}}
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		err := d.source.Read(context.Background(), stream, nil, func(batch datarun.Batch) error {
			n += len(batch.Records)
			return nil
		})
		if err != nil || n != rows {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
}

func sevenColumns(rows int) []byte {
	var b bytes.Buffer
	b.WriteString("id,name,born,at,area,division,n\n")
	for i := range rows {
		fmt.Fprintf(&b, "4207041880010%05d,张三丰,1980-01-02,2024-01-02 15:04:05,%d.50,420704,%d\n", i%100000, i%1000, i)
	}
	return b.Bytes()
}

func BenchmarkCSV(b *testing.B) { benchCSV(b, sevenColumns(500_000), 500_000, "") }

func BenchmarkCSVGBK(b *testing.B) {
	benchCSV(b, []byte(gbk(b, string(sevenColumns(500_000)))), 500_000, `{"encoding":"gbk"}`)
}

func BenchmarkXLSX(b *testing.B) {
	d := newDrop(b, "")
	streamed(b, filepath.Join(d.dir, "f.xlsx"), 20_000)
	rows := 0
	for b.Loop() {
		err := d.source.Read(context.Background(), connectors.Stream{Name: "s", Object: "*.xlsx"}, nil, func(batch datarun.Batch) error {
			rows += len(batch.Records)
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkLines(b *testing.B) {
	content := sevenColumns(100_000)
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		l := newLines(bytes.NewReader(content), 0, 1<<20)
		for {
			line, err := l.peek(0)
			if err == io.EOF {
				break
			}
			l.take(len(line))
		}
	}
}
