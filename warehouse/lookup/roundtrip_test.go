package lookup_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"datarun"
	"datarun/internal/rowjson"
	"datarun/warehouse"
	"datarun/warehouse/engine/enginetest"
	"datarun/warehouse/landing"
	"datarun/warehouse/lookup"
	"datarun/warehouse/schema"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// land puts messages through landing and returns when all of them are committed.
func land(t testing.TB, db *warehouse.DB, res *datarun.Resource, generation uint16, messages ...datarun.Message) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l := landing.New(db, landing.Options{Refuse: func(_ context.Context, _ datarun.ResourceCode, _ uint16, _ int, m datarun.Message, f datarun.Fault) error {
		t.Errorf("offset %d is refused: %+v", m.Offset, f)
		return nil
	}})
	if err := schema.Apply(ctx, db, res); err != nil {
		t.Fatal(err)
	}
	if err := l.SetResource(res); err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- l.Run(ctx) }()
	committed := make(chan struct{})
	err := l.Accept(ctx, datarun.Delivery{Resource: res.Code, Generation: generation, Messages: messages, Commit: func(context.Context) error {
		close(committed)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	<-committed
	cancel()
	if err := <-ran; err != nil {
		t.Fatal(err)
	}
}

func message(offset int64, key, value string) datarun.Message {
	m := datarun.Message{Offset: offset, Time: time.UnixMilli(1790000000123 + offset), Key: []byte(key)}
	if value != "" {
		m.Value = []byte(value)
	}
	return m
}

// get looks one key up.
func get(t testing.TB, db *warehouse.DB, res *datarun.Resource, key string, items ...datarun.ItemName) lookup.Row {
	t.Helper()
	rows, err := lookup.New(db, lookup.Options{}).Get(t.Context(), res, items, []string{key})
	if err != nil || len(rows) != 1 || rows[0].Key != key {
		t.Fatalf("get: %+v, %v", rows, err)
	}
	return rows[0]
}

// Every form of every type, through JSON, the wire, the table and back.
func TestEveryValueComesBack(t *testing.T) {
	nines := strings.Repeat("9", 76)
	tests := []struct {
		typ           datarun.ItemType
		length, scale int
		in, want      string // JSON
	}{
		{datarun.Char, 0, 0, `"鄂州市"`, ``}, {datarun.Char, 0, 0, `""`, ``}, {datarun.Char, 3, 0, `"😀𠮷㐂"`, ``}, {datarun.Char, 0, 0, `null`, ``},
		{datarun.Char, 0, 0, `"\ud83d\ude00\"\\\n\u0001"`, `"😀\"\\\n\u0001"`}, {datarun.Memo, 0, 0, `"` + strings.Repeat("长", 50000) + `"`, ``},
		{datarun.Char, 0, 0, `"  spaces  "`, ``},
		{datarun.Numeric, 9, 2, `"-9999999.99"`, ``}, {datarun.Numeric, 9, 2, `1.5`, `"1.50"`}, {datarun.Numeric, 9, 2, `"0"`, `"0.00"`}, {datarun.Numeric, 9, 0, `-0`, `"0"`},
		{datarun.Numeric, 18, 18, `"0.999999999999999999"`, ``}, {datarun.Numeric, 18, 0, `"-999999999999999999"`, ``},
		{datarun.Numeric, 38, 10, `"` + nines[:28] + `.` + nines[:10] + `"`, ``}, {datarun.Numeric, 38, 0, `"-` + nines[:38] + `"`, ``},
		{datarun.Numeric, 76, 0, `"` + nines + `"`, ``}, {datarun.Numeric, 76, 0, `"-` + nines + `"`, ``}, {datarun.Numeric, 76, 38, `-1`, `"-1.` + strings.Repeat("0", 38) + `"`},
		{datarun.Numeric, 9, 2, `""`, `null`}, {datarun.Currency, 0, 0, `"123456789012345678.05"`, ``}, {datarun.Currency, 0, 0, `0.1`, `"0.10"`},
		{datarun.Date, 0, 0, `"1900-01-01"`, ``}, {datarun.Date, 0, 0, `"2299-12-31"`, ``}, {datarun.Date, 0, 0, `"1969-12-31"`, ``}, {datarun.Date, 0, 0, `"2024-02-29"`, ``}, {datarun.Date, 0, 0, `""`, `null`},
		{datarun.DateTime, 0, 0, `"1900-01-01T00:00:00+08:00"`, ``}, {datarun.DateTime, 0, 0, `"2299-12-31T23:59:59.999+08:00"`, ``},
		{datarun.DateTime, 0, 0, `"1988-07-01T12:00:00+08:00"`, ``}, {datarun.DateTime, 0, 0, `"1969-12-31T23:59:59.5Z"`, `"1970-01-01T07:59:59.5+08:00"`},
		{datarun.DateTime, 0, 0, `"2026-01-02T00:00:00-11:30"`, `"2026-01-02T19:30:00+08:00"`}, {datarun.DateTime, 0, 0, `"2026-01-02 03:04:05.120+08:00"`, `"2026-01-02T03:04:05.12+08:00"`},
		{datarun.Bool, 0, 0, `true`, ``}, {datarun.Bool, 0, 0, `"否"`, `false`}, {datarun.Bool, 0, 0, `"是"`, `true`}, {datarun.Bool, 0, 0, `1`, `true`}, {datarun.Bool, 0, 0, `"0"`, `false`}, {datarun.Bool, 0, 0, `null`, ``},
		{datarun.General, 0, 0, `{"a":[1,"二",null]}`, ``}, {datarun.General, 0, 0, `"text\u4e2d"`, ``}, {datarun.General, 0, 0, `false`, ``}, {datarun.General, 0, 0, `1.50`, ``},
		{datarun.Integer, 0, 0, `9223372036854775807`, ``}, {datarun.Integer, 0, 0, `"-9223372036854775808"`, `-9223372036854775808`}, {datarun.Integer, 0, 0, `0`, ``},
		{datarun.Double, 0, 0, `0.1`, ``}, {datarun.Double, 0, 0, `"-1e-300"`, `-1e-300`}, {datarun.Float, 0, 0, fmt.Sprint(math.MaxFloat64), `1.7976931348623157e308`},
	}
	for _, required := range []bool{false, true} {
		res := &datarun.Resource{Code: "306001/000001", Key: []datarun.ItemName{"k"}, Items: []datarun.Item{{Name: "k", Type: datarun.Char, Required: true}}}
		if required {
			res.Code = "306001/000002"
		}
		value := rowjson.AppendString([]byte(`{"k":`), "key")
		want := string(value)
		for i, tt := range tests {
			expected := tt.want
			if expected == "" {
				expected = tt.in
			}
			if required && (expected == `null` || expected == `""`) {
				continue
			}
			name := fmt.Sprintf("项%d", i)
			res.Items = append(res.Items, datarun.Item{Name: datarun.ItemName(name), Type: tt.typ, Length: tt.length, Scale: tt.scale, Required: required})
			value = append(rowjson.AppendName(value, name), tt.in...)
			want = string(append(rowjson.AppendName([]byte(want), name), expected...))
		}
		db := enginetest.Open(t)
		land(t, db, res, 0, message(7, "key", string(value)+"}"))
		row := get(t, db, res, "key")
		if got := string(row.Data); !row.Found || got != want+"}" {
			t.Errorf("required %v: found %v\n got %s\nwant %s}", required, row.Found, short(got), short(want))
		}
		if row.Version != 7 || !row.Time.Equal(time.UnixMilli(1790000000130)) {
			t.Errorf("version %d, time %v", row.Version, row.Time)
		}
	}
}

func short(s string) string { return strings.ReplaceAll(s, strings.Repeat("长", 50000), "长…") }

func small() *datarun.Resource {
	return &datarun.Resource{Code: "306001/000003", Key: []datarun.ItemName{"id"}, Items: []datarun.Item{
		{Name: "id", Type: datarun.Char, Required: true}, {Name: "n", Type: datarun.Integer},
	}}
}

func TestNewestVersionWins(t *testing.T) {
	db, res := enginetest.Open(t), small()
	check := func(what, key string, found bool, data string) {
		t.Helper()
		if row := get(t, db, res, key); row.Found != found || string(row.Data) != data {
			t.Errorf("%s: found %v %s, want %v %s", what, row.Found, row.Data, found, data)
		}
	}
	land(t, db, res, 0, message(1, "a", `{"id":"a","n":1}`), message(2, "a", `{"id":"a","n":2}`), message(3, "b", `{"id":"b"}`))
	check("updated in one batch", "a", true, `{"id":"a","n":2}`)
	check("absent item", "b", true, `{"id":"b","n":null}`)
	check("never there", "c", false, "")
	land(t, db, res, 0, message(4, "a", ""))
	check("deleted", "a", false, "")
	land(t, db, res, 0, message(1, "a", `{"id":"a","n":1}`), message(2, "a", `{"id":"a","n":2}`), message(3, "b", `{"id":"b"}`))
	check("an older version comes later", "a", false, "")
	check("a replay", "b", true, `{"id":"b","n":null}`)
	land(t, db, res, 0, message(5, "a", `{"id":"a","n":5}`))
	check("back again", "a", true, `{"id":"a","n":5}`)
	land(t, db, res, 1, message(0, "a", `{"id":"a","n":10}`))
	check("a new generation begins at offset 0", "a", true, `{"id":"a","n":10}`)
	for _, state := range []string{"as inserted", "merged"} {
		var rows, n uint64
		if err := db.Select(t.Context(), "SELECT count(), sum(n) FROM "+db.Database()+"."+schema.View(res.Code), func(scan func(...any) error) error {
			var sum *int64
			err := scan(&rows, &sum)
			n = uint64(*sum)
			return err
		}); err != nil || rows != 2 || n != 10 {
			t.Errorf("view %s: %d rows, sum %d, err %v; want 2 and 10", state, rows, n, err)
		}
		if err := db.Exec(t.Context(), "OPTIMIZE TABLE "+db.Database()+"."+schema.Table(res.Code)+" FINAL"); err != nil {
			t.Fatal(err)
		}
	}
	check("after the merge", "a", true, `{"id":"a","n":10}`)
}

func TestList(t *testing.T) {
	db, res := enginetest.Open(t), small()
	var messages []datarun.Message
	for i := range 50 {
		key := fmt.Sprintf("k\t'\\%02d", i)
		messages = append(messages, message(int64(i), key, fmt.Sprintf(`{"id":"x","n":%d}`, i)))
	}
	for i := 10; i < 20; i++ {
		messages = append(messages, message(int64(50+i), string(messages[i].Key), ""))
	}
	land(t, db, res, 0, messages...)
	l := lookup.New(db, lookup.Options{})
	var got []string
	for after := ""; ; {
		rows, next, err := l.List(t.Context(), res, []datarun.ItemName{"n"}, after, 7)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			got = append(got, string(r.Data))
		}
		if next == "" {
			break
		}
		after = next
	}
	var want []string
	for i := range 50 {
		if i < 10 || i >= 20 {
			want = append(want, fmt.Sprintf(`{"n":%d}`, i))
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	for name, f := range map[string]func() error{
		"limit 0":      func() error { _, _, err := l.List(t.Context(), res, nil, "", 0); return err },
		"limit high":   func() error { _, _, err := l.List(t.Context(), res, nil, "", lookup.MaxList+1); return err },
		"unknown item": func() error { _, err := l.Get(t.Context(), res, []datarun.ItemName{"zz"}, []string{"a"}); return err },
		"many keys":    func() error { _, err := l.Get(t.Context(), res, nil, make([]string, lookup.MaxKeys+1)); return err },
	} {
		if err := f(); datarun.KindOf(err) != datarun.Invalid {
			t.Errorf("%s: %v, want Invalid", name, err)
		}
	}
	other := small()
	other.Code = "306001/000009"
	if _, err := l.Get(t.Context(), other, nil, []string{"a"}); datarun.KindOf(err) != datarun.NotFound {
		t.Errorf("no table: %v, want NotFound", err)
	}
}

func TestConcurrentLookupsAndCancel(t *testing.T) {
	db, res := enginetest.Open(t), small()
	var messages []datarun.Message
	for i := range 1000 {
		messages = append(messages, message(int64(i), fmt.Sprint("k", i), fmt.Sprintf(`{"id":"k%d","n":%d}`, i, i)))
	}
	land(t, db, res, 0, messages...)
	l := lookup.New(db, lookup.Options{Keys: 100})
	results := make(chan error, 400)
	for w := range 400 {
		ctx, cancel := context.WithCancel(t.Context())
		gone := w%3 == 0
		if gone {
			cancel()
		}
		go func() {
			defer cancel()
			keys := []string{fmt.Sprint("k", w), "nobody", fmt.Sprint("k", w+500), fmt.Sprint("k", w)}
			rows, err := l.Get(ctx, res, nil, keys)
			switch {
			case gone && err != nil && datarun.KindOf(err) == datarun.Unavailable, gone && err == nil:
				results <- nil
			case err != nil:
				results <- err
			case len(rows) != 4 || rows[1].Found || string(rows[0].Data) != fmt.Sprintf(`{"id":"k%d","n":%d}`, w, w) || string(rows[3].Data) != string(rows[0].Data):
				results <- fmt.Errorf("%d: %+v", w, rows)
			default:
				results <- nil
			}
		}()
	}
	for range 400 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}
