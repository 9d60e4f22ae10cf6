package shape

import (
	"encoding/json"
	"testing"
	"time"

	"datarun"
	"datarun/internal/rowjson"
)

func TestAppendText(t *testing.T) {
	for _, c := range []struct {
		kind     datarun.ItemType
		in, want string
	}{
		{datarun.Char, "", `""`},
		{datarun.Char, "2024/1/2", `"2024/1/2"`},
		{"", "20240102", `"20240102"`},
		{datarun.Integer, "", `null`},
		{datarun.Integer, " 12 ", `" 12 "`},
		{datarun.Numeric, "1.50", `"1.50"`},
		{datarun.Char, "a\"b\\c\nd", `"a\"b\\c\nd"`},
		{datarun.Char, "12345678\x01", `"12345678\u0001"`},
		{datarun.Char, "湖北省鄂州市\"", `"湖北省鄂州市\""`},
		{datarun.Date, "", `null`},
		{datarun.Date, "2024-01-02", `"2024-01-02"`},
		{datarun.Date, "2024-13-02", `"2024-13-02"`},
		{datarun.Date, "2024/1/2", `"2024-01-02"`},
		{datarun.Date, "2024.1.2", `"2024-01-02"`},
		{datarun.Date, "2024年1月2日", `"2024-01-02"`},
		{datarun.Date, "20240102", `"2024-01-02"`},
		{datarun.Date, "2024-1-2 0:00:00", `"2024-01-02"`},
		{datarun.Date, "2024-01-02T00:00:00", `"2024-01-02"`},
		{datarun.Date, "2024-01-02 10:00:00", `"2024-01-02 10:00:00"`},
		{datarun.Date, "2024/2/30", `"2024/2/30"`},
		{datarun.Date, "2023/2/29", `"2023/2/29"`},
		{datarun.Date, "2024/2/29", `"2024-02-29"`},
		{datarun.Date, "01/02/2024", `"01/02/2024"`},
		{datarun.Date, "24/1/2", `"24/1/2"`},
		{datarun.Date, "2024/1-2", `"2024/1-2"`},
		{datarun.Date, "202401", `"202401"`},
		{datarun.Date, "x\"", `"x\""`},
		{datarun.DateTime, "2024-01-02 15:04:05", `"2024-01-02T15:04:05+08:00"`},
		{datarun.DateTime, "2024/1/2 15:04", `"2024-01-02T15:04:00+08:00"`},
		{datarun.DateTime, "2024-01-02T15:04:05Z", `"2024-01-02T15:04:05Z"`},
		{datarun.DateTime, "2024-01-02T15:04:05.120000+0900", `"2024-01-02T15:04:05.12+09:00"`},
		{datarun.DateTime, "2024-01-02 15:04:05.123456 +08", `"2024-01-02T15:04:05.123456+08:00"`},
		{datarun.DateTime, "20240102150405", `"2024-01-02T15:04:05+08:00"`},
		{datarun.DateTime, "2024-01-02", `"2024-01-02"`},
		{datarun.DateTime, "2024-01-02 24:00:00", `"2024-01-02 24:00:00"`},
		{datarun.DateTime, "2024-01-02 15:04:05 CST", `"2024-01-02 15:04:05 CST"`},
		{datarun.DateTime, "2024-01-02 15:04:05+99:00", `"2024-01-02 15:04:05+99:00"`},
	} {
		got := string(AppendText(nil, []byte(c.in), c.kind, China))
		if got != c.want {
			t.Errorf("%s %q: %s, want %s", c.kind, c.in, got, c.want)
		}
		if !json.Valid([]byte(got)) {
			t.Errorf("%s %q: %s is not JSON", c.kind, c.in, got)
		}
	}
}

func TestAppendField(t *testing.T) {
	for _, c := range []struct {
		kind     datarun.ItemType
		in, want string
	}{
		{datarun.Numeric, `12345678901234567890.100`, `12345678901234567890.100`},
		{datarun.Char, `"a\u4e2d"`, `"a\u4e2d"`},
		{datarun.DateTime, `1704207845000`, `"2024-01-02T23:04:05+08:00"`},
		{datarun.DateTime, `1704207845`, `"2024-01-02T23:04:05+08:00"`},
		{datarun.DateTime, `20240102`, `20240102`},
		{datarun.DateTime, `"2024-01-02 15:04:05"`, `"2024-01-02T15:04:05+08:00"`},
		{datarun.Date, `"2024/1/2"`, `"2024-01-02"`},
		{datarun.General, `{"a":[1]}`, `{"a":[1]}`},
		{datarun.Bool, `true`, `true`},
		{datarun.Char, `null`, `null`},
	} {
		var row rowjson.Row
		if err := row.Parse([]byte(`{"x":` + c.in + `}`)); err != nil {
			t.Fatal(err)
		}
		if got := string(AppendField(nil, &row.Fields[0], c.kind, China)); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.kind, c.in, got, c.want)
		}
	}
}

func TestZone(t *testing.T) {
	for in, ok := range map[string]bool{"+08:00": true, "-03:30": true, "Z": true, "+14:00": true, "": false, "+8": false, "Asia/Shanghai": false, "+15:00": false} {
		var z Zone
		if err := z.UnmarshalText([]byte(in)); (err == nil) != ok {
			t.Errorf("%q: %v", in, err)
		}
	}
	if _, offset := time.Now().In(China.Location()).Zone(); offset != 8*3600 {
		t.Errorf("offset %d", offset)
	}
}

func TestDraft(t *testing.T) {
	samples := map[string][]string{
		"身份证号": {"420704188001010016", "42070218850615002X", "421200187809091238"},
		"信用代码": {"11420700009999017F", "11420700009999025A", "114207000099990335"},
		"编号":   {"007", "008", "009"},
		"流水号":  {"4207041880010100161", "4207041880010100162", "4207041880010100163"},
		"数量":   {"1", "20", "300"},
		"金额":   {"1.50", "20", "300.125"},
		"日期":   {"2024/1/2", "2024-01-03", "20240104"},
		"时间":   {"2024-01-02 10:00:00", "2024/1/3 10:00", "2024-01-02T10:00:00Z"},
		"有效":   {"true", "false", "true"},
		"1 列":  {"甲", "乙", "丙"},
	}
	want := map[string]datarun.Item{
		"身份证号": {Type: "C", Length: 18, Code: datarun.ResidentID, Personal: true},
		"信用代码": {Type: "C", Length: 18, Code: datarun.CreditCode},
		"编号":   {Type: "C", Length: 16},
		"流水号":  {Type: "C", Length: 64},
		"数量":   {Type: "I"},
		"金额":   {Type: "N", Length: 18, Scale: 3},
		"日期":   {Type: "D"},
		"时间":   {Type: "T"},
		"有效":   {Type: "L"},
		"1 列":  {Name: "c1_列", Title: "1 列", Type: "C", Length: 16},
	}
	for title, texts := range samples {
		c := Column{Title: title}
		for _, text := range texts {
			c.Text([]byte(text))
		}
		w := want[title]
		if w.Name == "" {
			w.Name = datarun.ItemName(title)
		}
		if got := c.Item(); got != w {
			t.Errorf("%s: %+v, want %+v", title, got, w)
		}
	}
	items, key, titles := Draft([]Column{{Title: "a b"}, {Title: "a-b"}})
	if len(items) != 2 || items[1].Name != "a_b_2" || key != nil || titles["a_b_2"] != "a-b" {
		t.Errorf("%v %v %v", items, key, titles)
	}
}

func FuzzMoment(f *testing.F) {
	for _, seed := range []string{"2024-01-02 15:04:05.123 +08:00", "20240102150405", "2024年1月2日", "2024/1/2 15:04"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, kind := range []datarun.ItemType{datarun.Date, datarun.DateTime} {
			out, ok := AppendMoment(nil, in, kind, China)
			if !ok || kind == datarun.Date && len(in) == 10 {
				continue
			}
			layout := time.DateOnly
			if kind == datarun.DateTime {
				layout = time.RFC3339Nano
			}
			if _, err := time.Parse(layout, string(out)); err != nil && !(kind == datarun.DateTime && len(out) > 35) {
				t.Fatalf("%q became %q: %v", in, out, err)
			}
		}
	})
}

func BenchmarkAppendText(b *testing.B) {
	in, out := []byte("2024-01-02 15:04:05"), make([]byte, 0, 64)
	for b.Loop() {
		out = AppendText(out[:0], in, datarun.DateTime, China)
	}
}
