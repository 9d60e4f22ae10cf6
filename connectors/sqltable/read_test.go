package sqltable

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"datarun"
	"datarun/connectors"
)

// memory is a session over rows in memory: id, at (nil for NULL), v. It answers by the position that the query's
// arguments give, as a database would.
type memory struct {
	rows  [][]driver.Value
	now   time.Time
	scans []string
	fail  int // the row of a scan at which the connection breaks, 0 for never
}

var errBroken = datarun.Errorf(datarun.Unavailable, "memory", "broken")

func (m *memory) Begin(context.Context) error { return nil }
func (m *memory) End(context.Context) error   { return nil }

func (m *memory) Bounds(context.Context, *Plan) (Value, time.Time, error) {
	var top Value
	for _, r := range m.rows {
		if r[1] != nil {
			if v := ValueOf(r[1]); top.IsNull() || compare(v, top) > 0 {
				top = v
			}
		}
	}
	return top, m.now, nil
}

func compare(a, b Value) int {
	if a.Kind == Int && b.Kind == Int && len(a.Text) != len(b.Text) {
		return len(a.Text) - len(b.Text)
	}
	return strings.Compare(a.Text, b.Text)
}

func (m *memory) Scan(_ context.Context, p *Plan, q Query, sink *Sink) error {
	m.scans = append(m.scans, q.SQL)
	rows := slices.Clone(m.rows)
	changes := strings.Contains(q.SQL, `ORDER BY r."at"`)
	order := func(r []driver.Value) []Value {
		if changes {
			return []Value{ValueOf(r[1]), ValueOf(r[0])}
		}
		return []Value{ValueOf(r[0])}
	}
	slices.SortFunc(rows, func(a, b []driver.Value) int { return slices.CompareFunc(order(a), order(b), compare) })
	var bound []Value
	for _, a := range q.Args {
		bound = append(bound, ValueOf(a))
	}
	least := 1
	if strings.Contains(q.SQL, ">=") {
		least = 0
	}
	e := NewEncoder(p, sink)
	n := 0
	for _, r := range rows {
		if changes && r[1] == nil || len(bound) > 0 && slices.CompareFunc(order(r)[:len(bound)], bound, compare) < least {
			continue
		}
		if n++; m.fail > 0 && n == m.fail {
			return errBroken
		}
		if stop, err := e.Row(r); err != nil || stop {
			return err
		}
	}
	return nil
}

var plain = &Dialect{
	Quote: func(s string) string { return `"` + s + `"` },
	Bind:  func(v Value, _ *Column) (string, any, bool) { return "?", v.Any(), true },
	Rows:  true,
}

func testTable() *Table {
	return &Table{Name: "t", Primary: []string{"id"}, Unique: [][]string{{"id"}},
		Columns: []Column{{Name: "id", Form: FormInt}, {Name: "at", Form: FormStamp, Nullable: true}, {Name: "v"}, {Name: "n", Form: FormInt}}}
}

func planFor(t testing.TB, table *Table, options string) *Plan {
	t.Helper()
	p, err := NewPlan(connectors.Stream{Name: "s", Object: "t", Options: []byte(options), Items: []datarun.Item{{Name: "id"}, {Name: "at"}, {Name: "v"}}}, table, plain)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func at(seconds int) string {
	return time.Date(2026, 1, 1, 0, 0, seconds, 0, time.UTC).Format("2006-01-02 15:04:05")
}

// reading is a reader with the position that the hub has.
type reading struct {
	*testing.T
	Reader
	pos     datarun.Position
	ids     []string
	batches int
}

func (r *reading) read(s Session, p *Plan) error {
	r.Helper()
	r.ids, r.batches = nil, 0
	return r.Read(context.Background(), s, p, r.pos, func(b datarun.Batch) error {
		for _, rec := range b.Records {
			id, _, _ := strings.Cut(string(rec.Data), ",")
			r.ids = append(r.ids, strings.TrimPrefix(id, `{"id":`))
		}
		r.batches++
		r.pos = b.Position
		return nil
	})
}

func (r *reading) expect(s Session, p *Plan, ids ...string) {
	r.Helper()
	if err := r.read(s, p); err != nil {
		r.Fatal(err)
	}
	if !slices.Equal(r.ids, ids) {
		r.Errorf("read %v, want %v", r.ids, ids)
	}
}

func row(id int64, at any, v string) []driver.Value { return []driver.Value{id, at, v} }

func TestPhases(t *testing.T) {
	for _, paged := range []bool{false, true} {
		table := testTable()
		table.Blocks = paged
		p := planFor(t, table, `{"cursor":"at","zone":"UTC"}`)
		m := &memory{now: time.Date(2026, 1, 1, 0, 1, 0, 0, time.UTC), rows: [][]driver.Value{row(2, at(30), "b"), row(1, at(40), "a"), row(3, nil, "c")}}
		r := &reading{T: t}
		r.expect(m, p, "1", "2", "3")
		r.expect(m, p)
		m.rows = append(m.rows, row(4, at(31), "late"), row(5, at(20), "too late"))
		r.expect(m, p, "4")
		if r.expect(m, p); r.batches != 0 {
			t.Errorf("an idle poll emitted %d batches", r.batches)
		}
		m.rows[0] = row(2, at(30), "b2") // the cursor did not move, but it is in the window
		r.expect(m, p, "2")
	}
}

// A hub that lost what was emitted last asks again from the position before, and gets it again.
func TestLostBatch(t *testing.T) {
	p := planFor(t, testTable(), `{"cursor":"at","zone":"UTC"}`)
	m := &memory{now: time.Date(2026, 1, 1, 0, 1, 0, 0, time.UTC), rows: [][]driver.Value{row(1, at(40), "a")}}
	r := &reading{T: t}
	r.expect(m, p, "1")
	saved := r.pos
	m.rows = append(m.rows, row(2, at(40), "b"))
	r.expect(m, p, "2")
	r.pos = saved
	r.expect(m, p, "1", "2") // both are in the window; what is known of it no longer holds
	r.expect(m, p)
}

// A poll that breaks off half way goes on from there, and the rows that were committed behind that place meanwhile come
// with the next.
func TestBrokenPoll(t *testing.T) {
	p := planFor(t, testTable(), `{"cursor":"at","zone":"UTC"}`)
	m := &memory{now: time.Date(2026, 1, 1, 1, 0, 0, 0, time.UTC)}
	r := &reading{T: t}
	r.expect(m, p)
	for i := range 25_000 {
		m.rows = append(m.rows, row(int64(i+1), at(i/100), "x"))
	}
	m.fail = 15_000
	if err := r.read(m, p); !errors.Is(err, errBroken) || len(r.ids) != 10_000 {
		t.Fatalf("%v, %d rows", err, len(r.ids))
	}
	m.fail = 0
	m.rows = append(m.rows, row(99_001, at(241), "late")) // above the place, below the top
	m.rows = append(m.rows, row(99_002, at(99), "at the place"), row(99_003, at(60), "behind it, and too late for the window"))
	m.now = m.now.Add(time.Hour)
	if err := r.read(m, p); err != nil || len(r.ids) != 15_002 {
		t.Fatalf("%v, %d rows, want the rest", err, len(r.ids))
	}
	m.rows = append(m.rows, row(99_004, at(249), "late")) // within the window of the pass that was broken off
	r.expect(m, p, "99004")
}

// Restored from a backup, the table's top is lower than it was: the window before it is looked at.
func TestTableSetBack(t *testing.T) {
	p := planFor(t, testTable(), `{"cursor":"n","window":5}`)
	low, strict := (&pass{Plan: p, pos: position{Mark: Value{Kind: Int, Text: "1000"}, Top: Value{Kind: Int, Text: "100"}, Closed: true}}).low()
	if low.Text != "95" || strict {
		t.Errorf("low %v, strict %v", low, strict)
	}
}

// More rows in the window than are remembered: they are repeated while the window is open, and not for ever.
func TestBulkLoad(t *testing.T) {
	p := planFor(t, testTable(), `{"cursor":"at","zone":"UTC"}`)
	m := &memory{now: time.Date(2026, 1, 1, 0, 0, 5, 0, time.UTC)}
	const limit, n = 30_000, 50_000
	for i := range n {
		m.rows = append(m.rows, row(int64(i+1_000_000), at(0), ""))
	}
	r := &reading{T: t}
	r.limit = limit
	if err := r.read(m, p); err != nil || len(r.ids) != n+n-limit {
		t.Fatalf("%v, %d rows", err, len(r.ids))
	}
	m.now = m.now.Add(time.Minute)
	if err := r.read(m, p); err != nil || len(r.ids) != n-limit {
		t.Fatalf("%v, %d rows, want those that were forgotten", err, len(r.ids))
	}
	r.expect(m, p)
	r.Reader = Reader{} // a new process knows it too
	m.rows = append(m.rows, row(3_000_000, at(61), ""))
	r.expect(m, p, "3000000")
}

func TestFullEvery(t *testing.T) {
	p := planFor(t, testTable(), `{"cursor":"at","zone":"UTC","full_every":"1h"}`)
	m := &memory{now: time.Date(2026, 1, 1, 1, 0, 0, 0, time.UTC), rows: [][]driver.Value{row(1, at(40), "a"), row(2, nil, "b")}}
	r := &reading{T: t}
	now := time.Now()
	r.now = func() time.Time { return now }
	r.expect(m, p, "1", "2")
	m.rows[1] = row(2, nil, "c")
	now = now.Add(59 * time.Minute)
	r.expect(m, p)
	now = now.Add(2 * time.Minute)
	r.expect(m, p, "1", "2")
	r.expect(m, p)
}

func TestChangedOptions(t *testing.T) {
	m := &memory{now: time.Date(2026, 1, 1, 1, 0, 0, 0, time.UTC), rows: [][]driver.Value{row(1, at(40), "a")}}
	r := &reading{T: t}
	r.expect(m, planFor(t, testTable(), ``), "1")
	r.expect(m, planFor(t, testTable(), ``))
	r.expect(m, planFor(t, testTable(), `{"cursor":"at"}`), "1") // in other terms: from the beginning
}

func TestQueries(t *testing.T) {
	table := testTable()
	table.Schema, table.Primary = "s", []string{"id", "v"}
	p := planFor(t, table, `{"cursor":"at"}`)
	spelled := *plain
	spelled.Rows = false
	text := func(s string) Value { return Value{Kind: Text, Text: s} }
	after := []Value{text("a"), text("b")}
	for _, tt := range []struct {
		got  Query
		want string
	}{
		{p.snapshotQuery(nil), ` ORDER BY r."id", r."v" []`},
		{p.snapshotQuery(after), ` WHERE (r."id", r."v") > (?, ?) ORDER BY r."id", r."v" [a b]`},
		{p.changesQuery(Value{}, false, nil), ` WHERE r."at" IS NOT NULL ORDER BY r."at", r."id", r."v" []`},
		{p.changesQuery(text("x"), true, nil), ` WHERE r."at" > ? ORDER BY r."at", r."id", r."v" [x]`},
		{p.changesQuery(text("x"), false, nil), ` WHERE r."at" >= ? ORDER BY r."at", r."id", r."v" [x]`},
		{p.changesQuery(text("x"), false, append(after, text("c"))), ` WHERE (r."at", r."id", r."v") > (?, ?, ?) ORDER BY r."at", r."id", r."v" [a b c]`},
	} {
		if got := fmt.Sprint(tt.got.SQL, " ", tt.got.Args); got != `SELECT r."id", r."at", r."v" FROM "s"."t" AS r`+tt.want {
			t.Errorf("got %s\nwant …%s", got, tt.want)
		}
	}
	p.dialect = &spelled
	want := `SELECT r."id", r."at", r."v" FROM "s"."t" AS r WHERE r."at" >= ? AND (r."at" > ? OR (r."at" = ? AND (r."id" > ? OR (r."id" = ? AND (r."v" > ?))))) ORDER BY r."at", r."id", r."v"`
	if got := p.changesQuery(Value{}, false, append(after, text("c"))); strings.Replace(got.SQL, `(r."v" > ?)`, `r."v" > ?`, 1) != strings.Replace(want, `(r."v" > ?)`, `r."v" > ?`, 1) || fmt.Sprint(got.Args) != "[a a a b b c]" {
		t.Errorf("got %s %v", got.SQL, got.Args)
	}
}
