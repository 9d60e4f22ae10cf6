package postgres

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"datarun"
	"datarun/internal/pgtest"
)

// TestValues holds every type against the JSON that it becomes: without an entry, and for items of several types.
func TestValues(t *testing.T) {
	tests := []struct {
		typ, value string
		item       datarun.ItemType
		want       string // JSON, or a rule
	}{
		{"smallint", "-32768", "", `-32768`},
		{"bigint", "9223372036854775807", "", `9223372036854775807`},
		{"integer", "42", datarun.Char, `"42"`},
		{"integer", "1", datarun.Bool, `true`},
		{"integer", "0", datarun.Bool, `false`},
		{"integer", "7", datarun.Bool, `7`},
		{"integer", "7", datarun.Numeric, `7`},
		{"numeric", "'12345678901234567890.123456789'", "", `"12345678901234567890.123456789"`},
		{"numeric(10,2)", "1.5", datarun.Currency, `"1.50"`},
		{"numeric", "'NaN'", datarun.Numeric, `"NaN"`},
		{"money", "'-1234.5'", "", `"-1234.50"`},
		{"real", "0.1", "", `0.1`},
		{"double precision", "1e300", "", `1e+300`},
		{"double precision", "0.1::float8 + 0.2::float8", "", `0.30000000000000004`},
		{"double precision", "'NaN'", "", `range`},
		{"double precision", "'-Infinity'", datarun.Double, `range`},
		{"double precision", "'NaN'", datarun.Char, `"NaN"`},
		{"boolean", "true", "", `true`},
		{"boolean", "false", "", `false`},
		{"boolean", "true", datarun.Char, `"true"`},
		{"date", "'2026-01-02'", "", `"2026-01-02"`},
		{"date", "'2026-01-02'", datarun.DateTime, `"2026-01-02T00:00:00+08:00"`},
		{"date", "'0044-03-15 BC'", "", `"0044-03-15 BC"`},
		{"date", "'infinity'", datarun.Date, `"infinity"`},
		{"timestamp", "'2026-01-02 03:04:05.123456'", "", `"2026-01-02T03:04:05.123456+08:00"`},
		{"timestamp", "'2026-01-02 03:04:05.123456'", datarun.DateTime, `"2026-01-02T03:04:05.123+08:00"`},
		{"timestamp", "'2026-01-02 03:04:05.0004'", datarun.DateTime, `"2026-01-02T03:04:05+08:00"`},
		{"timestamp", "'1988-07-01 12:00:00'", datarun.DateTime, `"1988-07-01T12:00:00+09:00"`}, // summer time in China
		{"timestamp", "'1900-01-01 00:00:00'", datarun.DateTime, `"1900-01-01T00:00:00+08:05"`}, // local mean time
		{"timestamp", "'2026-01-02 00:00:00'", datarun.Date, `"2026-01-02"`},
		{"timestamp", "'2026-01-02 00:00:01'", datarun.Date, `"2026-01-02 00:00:01"`},
		{"timestamp", "'infinity'", datarun.DateTime, `"infinity"`},
		{"timestamp", "'12026-01-02 03:04:05'", datarun.DateTime, `"12026-01-02 03:04:05"`},
		{"timestamp", "'2026-01-02 03:04:05'", datarun.Char, `"2026-01-02 03:04:05"`},
		{"timestamptz", "'2026-01-02 03:04:05.12+08'", "", `"2026-01-01T19:04:05.12Z"`},
		{"timestamptz", "'2026-01-02 03:04:05.123456+08'", datarun.DateTime, `"2026-01-01T19:04:05.123Z"`},
		{"timestamptz", "'2026-01-02 00:00:00+08'", datarun.Date, `"2026-01-02"`},
		{"timestamptz", "'-infinity'", datarun.DateTime, `"-infinity"`},
		{"time", "'03:04:05'", "", `"03:04:05"`},
		{"interval", "'1 day 2 hours'", "", `"P1DT2H"`},
		{"text", "'鄂城区凤凰街道'", "", `"鄂城区凤凰街道"`},
		{"text", "'𠮷野家 😀'", "", `"𠮷野家 😀"`},
		{"text", `E'a\tb\nc\\d"e\rf\bg\fh\x0bi\x01j\x7f'`, "", `"a\tb\nc\\d\"e\rf\bg\fh\u000bi\u0001j` + "\x7f" + `"`},
		{"text", `'\N'`, "", `"\\N"`},
		{"text", `'\.'`, "", `"\\."`},
		{"text", `''`, "", `""`},
		{"text", `NULL`, "", `null`},
		{"text", `repeat('一', 3000)`, datarun.Memo, `"` + strings.Repeat("一", 3000) + `"`},
		{"text", "'2026-01-02 03:04:05'", datarun.DateTime, `"2026-01-02T03:04:05+08:00"`},
		{"text", "'2026-01-02T03:04:05Z'", datarun.DateTime, `"2026-01-02T03:04:05Z"`},
		{"text", "'gestern'", datarun.DateTime, `"gestern"`},
		{"varchar(20)", "'x'", "", `"x"`},
		{"char(5)", "'ab'", "", `"ab"`},
		{"uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "", `"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"`},
		{"mood", "'sad'", "", `"sad"`},
		{"amount", "5", "", `"5.00"`},
		{"positive", "5", "", `5`},
		{"json", `E'{"a" :\n [1, "x\\ny"]}'`, "", `{"a" :  [1, "x\ny"]}`},
		{"json", `'{"a":1}'`, datarun.Memo, `"{\"a\":1}"`},
		{"jsonb", `'{"b": 1.50, "a": "𠮷"}'`, datarun.General, `{"a": "𠮷", "b": 1.50}`},
		{"integer[]", "'{1,NULL,3}'", "", `[1,null,3]`},
		{"text[]", `ARRAY['a"b', '\']`, "", `["a\"b","\\"]`},
		{"pair", "ROW(1, 'x')", "", `{"n":1,"t":"x"}`},
		{"bytea", `'\x00ff5c'`, "", `"AP9c"`},
		{"bytea", `''`, "", `""`},
		{"bit(3)", "B'101'", "", `"101"`},
		{"inet", "'10.0.0.1/8'", "", `"10.0.0.1/8"`},
		{"int4range", "'[1,5)'", "", `"[1,5)"`},
		{"xml", "'<a b=\"1\"/>'", "", `"<a b=\"1\"/>"`},
	}
	sql := `CREATE TYPE mood AS ENUM ('ok', 'sad'); CREATE DOMAIN amount AS numeric(8,2); CREATE DOMAIN whole AS int; CREATE DOMAIN positive AS whole CHECK (VALUE > 0);
		CREATE TYPE pair AS (n int, t text);`
	for i, tt := range tests {
		sql += fmt.Sprintf("CREATE TABLE t%d (id int PRIMARY KEY, v %s); INSERT INTO t%d VALUES (1, %s);", i, tt.typ, i, tt.value)
	}
	s, _ := open(t, sql)
	for i, tt := range tests {
		st := stream(fmt.Sprintf("t%d", i), "", datarun.Item{Name: "v", Type: tt.item})
		got, _ := read(t, s, st, nil)
		if len(lines(got)) != 1 {
			t.Fatalf("%s %s: %d records", tt.typ, tt.value, len(lines(got)))
		}
		r := got[0].Records[0]
		if r.Fault != nil {
			if string(r.Fault.Rule) != tt.want || r.Fault.Where != "public."+st.Object || r.Fault.Item != "v" {
				t.Errorf("%s %s for %q: fault %+v, want %s", tt.typ, tt.value, tt.item, r.Fault, tt.want)
			}
			continue
		}
		if wanted := `{"v":` + tt.want + `}`; string(r.Data) != wanted || !json.Valid(r.Data) {
			t.Errorf("%s %s for %q: %s, want %s", tt.typ, tt.value, tt.item, r.Data, wanted)
		}
	}
}

func TestUncheckedText(t *testing.T) {
	c := pgtest.StartEncoded(t, "SQL_ASCII")
	pgtest.Exec(t, c, `CREATE TABLE p (id text PRIMARY KEY, v text, at timestamptz DEFAULT now()); SET client_encoding = 'SQL_ASCII';
		INSERT INTO p VALUES ('a', 'good'), (E'b\xff', E'\xb6\xf5'), ('c', '鄂州')`)
	s := openOn(t, c)
	st := stream("p", `{"cursor":"at"}`, datarun.Item{Name: "v", Type: datarun.Char})
	got, pos := read(t, s, st, nil)
	want(t, lines(got), `{"v":"good"}`, `! syntax v`, `{"v":"鄂州"}`)
	if !json.Valid(got[0].Records[1].Data) {
		t.Errorf("a faulty row is not a JSON string: %q", got[0].Records[1].Data)
	}
	got, _ = read(t, s, st, pos)
	want(t, lines(got))
}

// Positions in terms of keys that look like SQL, or that compare by rules of their own.
func TestKeys(t *testing.T) {
	s, _ := open(t, `CREATE TYPE mood AS ENUM ('z', 'a', 'm');
		CREATE TABLE p (k1 char(8), k2 numeric, k3 timestamptz, k4 bytea, k5 mood, k6 uuid, k7 text, k8 date, PRIMARY KEY (k1, k2, k3, k4, k5, k6, k7, k8));
		INSERT INTO p SELECT 'x''\";' || i % 2, i % 3 + 0.5, '2026-01-01'::timestamptz + i % 5 * interval '0.3 s', decode(to_hex(4096 + i % 4), 'hex'),
			(ARRAY['z','a','m'])[i % 3 + 1]::mood, md5(i::text)::uuid, E'\\''); DROP TABLE p; --' || i, '2026-01-01'::date + i
			FROM generate_series(1, 25000) i`)
	st := stream("p", "", datarun.Item{Name: "k7", Type: datarun.Char})
	all, _ := read(t, s, st, nil)
	if len(lines(all)) != 25000 {
		t.Fatalf("%d rows", len(lines(all)))
	}
	count := 0
	for _, b := range all[:len(all)-1] {
		count += len(b.Records)
		rest, _ := read(t, s, st, b.Position)
		if n := len(lines(rest)); n != 25000-count {
			t.Errorf("after %d rows %d more, want %d", count, n, 25000-count)
		}
	}
}

// A row with a date far ahead must not hide what changes now, nor come again at each poll.
func TestFuture(t *testing.T) {
	s, c := open(t, `CREATE TABLE p (id int PRIMARY KEY, at timestamp); INSERT INTO p VALUES (1, '2099-01-01'), (2, 'infinity'), (3, NULL), (4, '2020-01-01')`)
	st := stream("p", `{"cursor":"at","zone":"+08:00"}`, datarun.Item{Name: "id", Type: datarun.Integer})
	got, pos := read(t, s, st, nil)
	want(t, lines(got), `{"id":1}`, `{"id":2}`, `{"id":3}`, `{"id":4}`)
	got, pos = read(t, s, st, pos)
	want(t, lines(got))
	pgtest.Exec(t, c, `INSERT INTO p VALUES (5, now() AT TIME ZONE 'Asia/Shanghai')`)
	got, pos = read(t, s, st, pos)
	want(t, lines(got), `{"id":5}`)
	got, _ = read(t, s, st, pos)
	want(t, lines(got))
}

func TestLongRows(t *testing.T) {
	s, _ := open(t, `CREATE TABLE p (id int PRIMARY KEY, v text);
		INSERT INTO p VALUES (1, 'a'), (2, repeat('一', 600000)), (3, 'b'), (4, repeat('x', 20000000)), (5, 'c')`)
	st := stream("p", "")
	var batches []datarun.Batch
	var pos datarun.Position
	for try := 0; ; try++ {
		err := s.Read(t.Context(), st, pos, func(b datarun.Batch) error { batches = append(batches, b); pos = b.Position; return nil })
		if err == nil {
			break
		}
		if datarun.KindOf(err) != datarun.Unavailable || try > 0 {
			t.Fatal(err)
		}
		batches, pos = nil, nil
	}
	want(t, lines(batches), `{"id":1,"v":"a"}`, `! size `, `{"id":3,"v":"b"}`, `! size `, `{"id":5,"v":"c"}`)
	for _, b := range batches {
		if b.Bytes() > 2<<20 {
			t.Errorf("a batch of %d bytes", b.Bytes())
		}
	}
}
