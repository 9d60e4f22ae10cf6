package postgres

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"datarun"
	"datarun/connectors"
	"datarun/connectors/sqltable"
	"datarun/internal/pgtest"
)

// canned is a session whose table is a string of COPY text.
type canned struct {
	sqltable.Session
	text   []byte
	repeat int
	valid  bool // the server has seen to it that text is UTF-8
	chunk  int
}

func (c *canned) Begin(context.Context) error { return nil }
func (c *canned) End(context.Context) error   { return nil }
func (c *canned) Scan(_ context.Context, p *sqltable.Plan, _ sqltable.Query, sink *sqltable.Sink) error {
	d := newDecoder(p, sink, !c.valid)
	for range max(1, c.repeat) {
		for rest := c.text; len(rest) > 0; {
			n := len(rest)
			if c.chunk > 0 {
				n = min(n, c.chunk)
			} else if i := bytes.IndexByte(rest, '\n'); i >= 0 {
				n = i + 1 // as servers do: one line per message
			}
			if _, err := d.Write(rest[:n]); err != nil {
				return err
			}
			rest = rest[n:]
		}
	}
	return nil
}

func tableOf(columns ...sqltable.Column) *sqltable.Table {
	return &sqltable.Table{Name: "t", Columns: columns, Primary: []string{columns[0].Name}, Unique: [][]string{{columns[0].Name}}}
}

func decode(t testing.TB, s *canned, table *sqltable.Table, st connectors.Stream) ([]string, error) {
	plan, err := sqltable.NewPlan(st, table, dialect)
	if err != nil {
		t.Fatal(err)
	}
	var batches []datarun.Batch
	var r sqltable.Reader
	err = r.Read(context.Background(), s, plan, nil, func(b datarun.Batch) error { batches = append(batches, b); return nil })
	return lines(batches), err
}

func TestLinesInPieces(t *testing.T) {
	table := tableOf(sqltable.Column{Name: "id", Form: sqltable.FormInt}, sqltable.Column{Name: "v"})
	text := []byte("1\ta\\tb\n2\t\\N\n3\t鄂州\n")
	for chunk := range len(text) + 1 {
		got, err := decode(t, &canned{text: text, chunk: chunk}, table, stream("t", ""))
		if err != nil {
			t.Fatal(err)
		}
		want(t, got, `{"id":1,"v":"a\tb"}`, `{"id":2,"v":null}`, `{"id":3,"v":"鄂州"}`)
	}
	for _, bad := range []string{"1\n", "1\t2\t3\n", "\n"} {
		if _, err := decode(t, &canned{text: []byte(bad)}, table, stream("t", "")); datarun.KindOf(err) != datarun.Internal || err == nil {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// FuzzCopyText holds the decoder against the format's definition and encoding/json: each line of two text columns
// becomes an object with the unescaped values, or a fault where they are not UTF-8.
func FuzzCopyText(f *testing.F) {
	f.Add([]byte("a\tb\n"), 0)
	f.Add([]byte("\\\\N\t\\N\nxx\\t\\n\\r\\b\\f\\v\"\\\\\t\x01鄂州𠮷\n"), 3)
	f.Add([]byte("12345678\"\t12345678\\\\12345678\xff\n"), 1)
	table := tableOf(sqltable.Column{Name: "a"}, sqltable.Column{Name: "b"})
	f.Fuzz(func(t *testing.T, text []byte, chunk int) {
		if len(text) > 1<<16 || chunk < 0 {
			return
		}
		got, err := decode(t, &canned{text: text, chunk: chunk}, table, stream("t", ""))
		if err != nil {
			if !bytes.Contains(text, []byte("\n")) {
				t.Fatalf("no whole line, and %v", err)
			}
			return
		}
		all := strings.Split(string(text), "\n")
		for i, line := range all[:len(all)-1] {
			fields := strings.Split(line, "\t")
			if len(fields) != 2 {
				t.Fatalf("line %q was accepted", line)
			}
			var row map[string]*string
			if !utf8.ValidString(line) {
				if !strings.HasPrefix(got[i], "! syntax") {
					t.Fatalf("%q became %q", line, got[i])
				}
				continue
			}
			if err := json.Unmarshal([]byte(got[i]), &row); err != nil {
				t.Fatalf("%q became %q: %v", line, got[i], err)
			}
			for n, name := range []string{"a", "b"} {
				value, null := reference(fields[n])
				if (row[name] == nil) != null || (!null && *row[name] != value) {
					t.Fatalf("%q became %q", line, got[i])
				}
			}
		}
	})
}

// reference unescapes a field the slow way. Octal and hex escapes, which servers accept but do not send, are not known.
func reference(field string) (string, bool) {
	if field == `\N` {
		return "", true
	}
	r := strings.NewReplacer(`\\`, `\`, `\b`, "\b", `\f`, "\f", `\n`, "\n", `\r`, "\r", `\t`, "\t", `\v`, "\v")
	out := ""
	for i := 0; i < len(field); i++ {
		if field[i] != '\\' || i+1 == len(field) {
			out += field[i : i+1]
			continue
		}
		if s := r.Replace(field[i : i+2]); s != field[i:i+2] {
			out += s
		} else {
			out += field[i+1 : i+2]
		}
		i++
	}
	return out, false
}

// benchTable is the seven columns that the whole path is measured with.
func benchTable() *sqltable.Table {
	return tableOf(sqltable.Column{Name: "id", Form: sqltable.FormInt}, sqltable.Column{Name: "name"}, sqltable.Column{Name: "area", Form: sqltable.FormDecimal},
		sqltable.Column{Name: "built", Form: sqltable.FormDate}, sqltable.Column{Name: "at", Form: sqltable.FormStamp}, sqltable.Column{Name: "ok", Form: sqltable.FormBool}, sqltable.Column{Name: "code"})
}

func BenchmarkDecode(b *testing.B) {
	line := "1234567\t鄂城区凤凰街道江碧路一百二十号\t128.55\t1998-05-01\t2026-01-02 10:00:00.123456\tt\t11420700009999017F\n"
	st := stream("t", "", datarun.Item{Name: "id", Type: datarun.Integer}, datarun.Item{Name: "name", Type: datarun.Char}, datarun.Item{Name: "area", Type: datarun.Numeric},
		datarun.Item{Name: "built", Type: datarun.Date}, datarun.Item{Name: "at", Type: datarun.DateTime}, datarun.Item{Name: "ok", Type: datarun.Bool}, datarun.Item{Name: "code", Type: datarun.Char})
	for _, n := range []int{100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			plan, err := sqltable.NewPlan(st, benchTable(), dialect)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				var r sqltable.Reader
				if err := r.Read(context.Background(), &canned{text: []byte(line), repeat: n, valid: true}, plan, nil, func(datarun.Batch) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/row")
		})
	}
}

// BenchmarkCopy reads from a real server, so the server's own work is in it.
func BenchmarkCopy(b *testing.B) {
	const n = 500_000
	s, c := open(b, fmt.Sprintf(`CREATE TABLE p (id bigint PRIMARY KEY, name varchar(50), area numeric(10,2), built date, at timestamp, ok boolean, code char(18));
		INSERT INTO p SELECT i, '鄂城区凤凰街道江碧路一百二十号', 128.55, '1998-05-01', '2026-01-02 10:00:00.123456', true, '11420700009999017F' FROM generate_series(1, %d) i`, n))
	pgtest.Exec(b, c, "VACUUM ANALYZE p")
	st := stream("p", "", datarun.Item{Name: "id", Type: datarun.Integer}, datarun.Item{Name: "name", Type: datarun.Char}, datarun.Item{Name: "area", Type: datarun.Numeric},
		datarun.Item{Name: "built", Type: datarun.Date}, datarun.Item{Name: "at", Type: datarun.DateTime}, datarun.Item{Name: "ok", Type: datarun.Bool}, datarun.Item{Name: "code", Type: datarun.Char})
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Read(context.Background(), st, nil, func(datarun.Batch) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
}
