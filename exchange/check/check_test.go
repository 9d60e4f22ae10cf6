package check

import (
	"fmt"
	"strings"
	"testing"

	"datarun"
)

// house has an item of every type.
var house = &datarun.Resource{
	Key: []datarun.ItemName{"id", "part"},
	Items: []datarun.Item{
		{Name: "id", Type: datarun.Integer},
		{Name: "part", Type: datarun.Char, Length: 4},
		{Name: "名称", Type: datarun.Char, Length: 5, Required: true},
		{Name: "any", Type: datarun.Char},
		{Name: "area", Type: datarun.Numeric, Length: 5, Scale: 2},
		{Name: "only", Type: datarun.Numeric, Length: 2, Scale: 2},
		{Name: "wide", Type: datarun.Numeric},
		{Name: "price", Type: datarun.Currency},
		{Name: "built", Type: datarun.Date},
		{Name: "at", Type: datarun.DateTime},
		{Name: "ok", Type: datarun.Bool},
		{Name: "memo", Type: datarun.Memo},
		{Name: "extra", Type: datarun.General},
		{Name: "x", Type: datarun.Double},
		{Name: "y", Type: datarun.Float},
		{Name: "n", Type: datarun.Integer},
		{Name: "person", Type: datarun.Char, Code: datarun.ResidentID, Length: 18},
		{Name: "firm", Type: datarun.Char, Code: datarun.CreditCode},
		{Name: "org", Type: datarun.Char, Code: datarun.OrgCode},
		{Name: "place", Type: datarun.Char, Code: datarun.Division},
		{Name: "licence", Type: datarun.Char, Code: datarun.CertificateNo},
	},
}

func newTestChecker(t testing.TB, res *datarun.Resource) *Checker {
	t.Helper()
	c, err := New(res)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// line renders a fault the way the tables below write it.
func line(f *datarun.Fault) string {
	if f == nil {
		return ""
	}
	return string(f.Rule) + " " + string(f.Item) + ": " + f.Detail
}

func TestValues(t *testing.T) {
	c := newTestChecker(t, house)
	for _, tt := range valueVectors {
		t.Run(tt.item+"="+tt.value, func(t *testing.T) {
			rec := datarun.Record{Data: []byte(`{"id":7,"part":"a","名称":"屋","` + tt.item + `":` + tt.value + `}`)}
			key, fault := c.Record(&rec, []byte("-"))
			want := tt.fault
			if want != "" {
				rule, detail, _ := strings.Cut(want, " ")
				want = rule + " " + tt.item + ": " + detail
			}
			if got := line(fault); got != want {
				t.Fatalf("got  %q\nwant %q", got, want)
			}
			if want := "-7|a"; fault == nil && string(key) != want {
				t.Errorf("key %q, want %q", key, want)
			}
			if fault != nil && string(key) != "-" {
				t.Errorf("key grew to %q with a fault", key)
			}
		})
	}
}

func TestRecords(t *testing.T) {
	const upsert, remove = datarun.Upsert, datarun.Delete
	tests := []struct {
		name, data string
		op         datarun.Op
		key, fault string
	}{
		{"least", `{"id":7,"part":"a","名称":"屋"}`, upsert, "7|a", ""},
		{"any order", `{"名称":"屋","part":"a","id":"7"}`, upsert, "7|a", ""},
		{"escaped name", `{"\u540d称":"屋","part":"a","\u0069d":7}`, upsert, "7|a", ""},
		{"escaped key text", `{"id":7,"part":"\u0061\n","名称":"屋"}`, upsert, "7|a\n", ""},
		{"bar and backslash in the key", `{"id":7,"part":"a|\\b","名称":"屋"}`, upsert, `7|a\|\\b`, ""},
		{"not JSON", `id=7`, upsert, "", "syntax : byte 0: not a JSON object"},
		{"array", `[1]`, upsert, "", "syntax : byte 0: not a JSON object"},
		{"empty", ``, upsert, "", "syntax : byte 0: not a JSON object"},
		{"cut off", `{"id":7,"part":"a`, upsert, "", "syntax : byte 17: ends too early"},
		{"not UTF-8", "{\"id\":7,\"part\":\"\xff\",\"名称\":\"屋\"}", upsert, "", "syntax : byte 16: not UTF-8"},
		{"no operation", `{"id":7,"part":"a","名称":"屋"}`, 9, "", "syntax : no operation 9"},
		{"unknown", `{"id":7,"part":"a","名称":"屋","colour":1}`, upsert, "", "unknown colour: member 4 is not an item of the entry"},
		{"unknown, no name", `{"13800000000":7,"part":"a","名称":"屋"}`, upsert, "", "unknown : member 1 is not an item of the entry"},
		{"unknown, empty name", `{"":7}`, upsert, "", "unknown : member 1 is not an item of the entry"},
		{"other case", `{"ID":7,"part":"a","名称":"屋"}`, upsert, "", "unknown ID: member 1 is not an item of the entry"},
		{"twice", `{"id":7,"part":"a","id":7,"名称":"屋"}`, upsert, "", "twice id: given twice"},
		{"twice null", `{"memo":null,"memo":null,"id":7}`, upsert, "", "twice memo: given twice"},
		{"key absent", `{"id":7,"名称":"屋"}`, upsert, "", "required part: required, is absent"},
		{"key null", `{"id":null,"part":"a","名称":"屋"}`, upsert, "", "required id: required, is null or empty"},
		{"key empty", `{"id":7,"part":"","名称":"屋"}`, upsert, "", "required part: required, is null or empty"},
		{"required absent", `{"id":7,"part":"a"}`, upsert, "", "required 名称: required, is absent"},
		{"required null", `{"id":7,"part":"a","名称":null}`, upsert, "", "required 名称: required, is null or empty"},
		{"required empty", `{"id":7,"part":"a","名称":""}`, upsert, "", "required 名称: required, is null or empty"},
		{"nothing", `{}`, upsert, "", "required id: required, is absent"},
		{"optional null and empty", `{"id":7,"part":"a","名称":"屋","area":"","at":"","ok":"","n":"","person":"","x":null,"extra":""}`, upsert, "7|a", ""},

		{"delete by key", `{"id":7,"part":"a"}`, remove, "7|a", ""},
		{"delete with the old row", `{"id":7,"part":"a","名称":"屋","area":"1e9","gone":true}`, remove, "7|a", ""},
		{"delete without key", `{"id":7}`, remove, "", "required part: required, is absent"},
		{"delete with null key", `{"id":7,"part":null}`, remove, "", "required part: part of the key, is null or empty"},
		{"delete with key twice", `{"id":7,"part":"a","id":8}`, remove, "", "twice id: given twice"},
		{"delete with wrong type", `{"id":"x","part":"a"}`, remove, "", "type id: want a whole number without plus sign or zeros before it"},
		{"delete not JSON", `7`, remove, "", "syntax : byte 0: not a JSON object"},
	}
	c := newTestChecker(t, house)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := datarun.Record{Op: tt.op, Data: []byte(tt.data)}
			key, fault := c.Record(&rec, nil)
			if got := line(fault); got != tt.fault || string(key) != tt.key {
				t.Errorf("got %q, key %q\nwant %q, key %q", got, key, tt.fault, tt.key)
			}
			if string(rec.Data) != tt.data {
				t.Error("the record was changed")
			}
		})
	}
}

func TestRecordOfAFaultySource(t *testing.T) {
	c := newTestChecker(t, house)
	given := &datarun.Fault{Rule: datarun.RuleSyntax, Detail: "quote not closed", Where: "house.csv:17"}
	if _, got := c.Record(&datarun.Record{Data: []byte(`"…"`), Fault: given}, nil); got != given {
		t.Errorf("got %v, want the fault as it came", got)
	}
}

func TestRecordSize(t *testing.T) {
	c := newTestChecker(t, house)
	const head, tail = `{"id":7,"part":"a","名称":"屋","memo":"`, `"}`
	fits := head + strings.Repeat("m", datarun.MaxRecord-len(head)-len(tail)) + tail
	if _, fault := c.Record(&datarun.Record{Data: []byte(fits)}, nil); fault != nil {
		t.Errorf("%d bytes: %v", len(fits), fault)
	}
	_, fault := c.Record(&datarun.Record{Data: []byte(fits + " ")}, nil)
	if got, want := line(fault), "size : 1048577 bytes; at most 1048576"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestScratchIsGivenBack: one record of very many members must not stay in memory.
func TestScratchIsGivenBack(t *testing.T) {
	c := newTestChecker(t, house)
	many := `{"id":7` + strings.Repeat(`,"id":7`, 100_000) + `}`
	if _, fault := c.Record(&datarun.Record{Data: []byte(many)}, nil); fault == nil || fault.Rule != datarun.RuleTwice {
		t.Fatalf("fault %v", fault)
	}
	c.text = make([]byte, 0, datarun.MaxRecord)
	if _, fault := c.Record(&datarun.Record{Data: []byte(`{"id":7,"part":"a","名称":"屋"}`)}, nil); fault != nil {
		t.Fatal(fault)
	}
	if cap(c.row.Fields) > keptFields || cap(c.text) > keptText {
		t.Errorf("kept %d fields, %d bytes", cap(c.row.Fields), cap(c.text))
	}
}

func TestStampWrapsAround(t *testing.T) {
	c := newTestChecker(t, house)
	rec := datarun.Record{Data: []byte(`{"id":7,"part":"a","名称":"屋"}`)}
	for _, stamp := range []uint32{0, ^uint32(0) - 1, ^uint32(0)} {
		c.stamp = stamp
		if _, fault := c.Record(&rec, nil); fault != nil {
			t.Errorf("after %d: %v", stamp, fault)
		}
	}
}

func TestOrderIsLearned(t *testing.T) {
	c := newTestChecker(t, house)
	rec := datarun.Record{Data: []byte(`{"名称":"屋","part":"a","id":7}`)}
	for range 2 {
		if key, fault := c.Record(&rec, nil); fault != nil || string(key) != "7|a" {
			t.Fatalf("key %q, %v", key, fault)
		}
	}
	if want := [3]int32{2, 1, 0}; [3]int32(c.order) != want {
		t.Errorf("order %v, want it to begin with %v", c.order, want)
	}
	if fresh := c.Clone(); fresh.order[0] != 0 || fresh.entry != c.entry {
		t.Error("a clone shares scratch, or does not share the entry")
	}
}

func TestNewRefusesImpossibleEntries(t *testing.T) {
	one := func(it datarun.Item) *datarun.Resource {
		return &datarun.Resource{Key: []datarun.ItemName{"id"}, Items: []datarun.Item{{Name: "id", Type: datarun.Char}, it}}
	}
	key := func(names ...datarun.ItemName) *datarun.Resource {
		return &datarun.Resource{Key: names, Items: []datarun.Item{{Name: "id", Type: datarun.Char}, {Name: "g", Type: datarun.General}}}
	}
	tests := map[string]*datarun.Resource{
		"no items":        {Key: []datarun.ItemName{"id"}},
		"no key":          key(),
		"key unknown":     key("x"),
		"key twice":       key("id", "id"),
		"key general":     key("g"),
		"name twice":      one(datarun.Item{Name: "id", Type: datarun.Char}),
		"no name":         one(datarun.Item{Type: datarun.Char}),
		"no type":         one(datarun.Item{Name: "a"}),
		"unknown type":    one(datarun.Item{Name: "a", Type: "Z"}),
		"negative length": one(datarun.Item{Name: "a", Type: datarun.Char, Length: -1}),
		"scale too large": one(datarun.Item{Name: "a", Type: datarun.Numeric, Length: 2, Scale: 3}),
		"negative scale":  one(datarun.Item{Name: "a", Type: datarun.Numeric, Length: 2, Scale: -1}),
		"too many digits": one(datarun.Item{Name: "a", Type: datarun.Numeric, Length: 77}),
		"money too short": one(datarun.Item{Name: "a", Type: datarun.Currency, Length: 1}),
		"unknown code":    one(datarun.Item{Name: "a", Type: datarun.Char, Code: "postcode"}),
		"code of number":  one(datarun.Item{Name: "a", Type: datarun.Integer, Code: datarun.Division}),
	}
	for name, res := range tests {
		if _, err := New(res); datarun.KindOf(err) != datarun.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

const goodRow = `{"id":123456,"name":"鄂城区凤凰街道","area":"128.55","built":"1998-05-01","at":"2026-01-02T10:00:00+08:00","ok":true,"code":"11420700009999017F"}`

var seven = &datarun.Resource{
	Key: []datarun.ItemName{"id"},
	Items: []datarun.Item{
		{Name: "id", Type: datarun.Integer}, {Name: "name", Type: datarun.Char, Length: 64, Required: true},
		{Name: "area", Type: datarun.Numeric, Length: 12, Scale: 2}, {Name: "built", Type: datarun.Date},
		{Name: "at", Type: datarun.DateTime}, {Name: "ok", Type: datarun.Bool}, {Name: "code", Type: datarun.Char, Code: datarun.CreditCode},
	},
}

func TestGoodRecordAllocatesNothing(t *testing.T) {
	c, key := newTestChecker(t, seven), make([]byte, 0, 64)
	for _, data := range []string{goodRow, `{"code":"11420700009999017F","name":"\u5c4b|\n","id":"1"}`} {
		rec := datarun.Record{Data: []byte(data)}
		n := testing.AllocsPerRun(100, func() {
			if _, fault := c.Record(&rec, key); fault != nil {
				t.Fatal(fault)
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", data, n)
		}
	}
}

func BenchmarkRecord(b *testing.B) {
	shuffled := `{"at":"2026-01-02T10:00:00+08:00","code":"11420700009999017F","ok":"是","id":"123456","built":"1998-05-01","name":"鄂城区凤凰街道","area":128.55}`
	for _, v := range []struct{ name, data string }{{"InOrder", goodRow}, {"OtherOrder", shuffled}} {
		b.Run(v.name, func(b *testing.B) {
			c, key, rec := newTestChecker(b, seven), make([]byte, 0, 64), datarun.Record{Data: []byte(v.data)}
			b.SetBytes(int64(len(v.data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, fault := c.Record(&rec, key); fault != nil {
					b.Fatal(fault)
				}
			}
		})
	}
}

func ExampleChecker_Record() {
	c, _ := New(seven)
	rec := datarun.Record{Data: []byte(`{"id":1,"name":"屋","area":"12.345"}`)}
	_, fault := c.Record(&rec, nil)
	fmt.Println(fault.Rule, fault.Item, fault.Detail)
	// Output: length area at most 2 digits after the point
}
