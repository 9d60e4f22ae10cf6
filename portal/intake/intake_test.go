package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/text/encoding/simplifiedchinese"

	"datarun"
)

var items = []datarun.Item{
	{Name: "id", Type: datarun.Char, Required: true}, {Name: "name", Type: datarun.Char},
	{Name: "n", Type: datarun.Integer}, {Name: "面积", Type: datarun.Numeric},
}

// drain reads everything twice, whole and byte by byte, and holds one against the other.
func drain(t testing.TB, body string, open func(io.Reader) Reader) ([]string, error) {
	t.Helper()
	var out [2][]string
	var errs [2]error
	for i, r := range []io.Reader{strings.NewReader(body), iotest.OneByteReader(strings.NewReader(body))} {
		if i == 1 && len(body) > 1<<20 {
			r = strings.NewReader(body)
		}
		records, err := Collect(open(r), 1<<20, func(int) error { return nil })
		for _, rec := range records {
			s := string(rec.Data)
			if rec.Fault != nil {
				s = fmt.Sprintf("%s@%s", rec.Fault.Rule, rec.Fault.Where)
				if !json.Valid(rec.Data) {
					t.Errorf("the data of a fault is not JSON")
				}
			}
			out[i] = append(out[i], s)
		}
		errs[i] = err
	}
	if fmt.Sprint(out[0], errs[0]) != fmt.Sprint(out[1], errs[1]) {
		t.Fatalf("whole: %.200q %v\nbyte by byte: %.200q %v", out[0], errs[0], out[1], errs[1])
	}
	return out[0], errs[0]
}

func openArray(r io.Reader) Reader { return NewArray(r) }
func openLines(r io.Reader) Reader { return NewLines(r) }
func openCSV(charset string) func(io.Reader) Reader {
	return func(r io.Reader) Reader {
		c, err := NewCSV(r, charset, items, []datarun.ItemName{"id"})
		if err != nil {
			panic(err)
		}
		return c
	}
}

type bodyTest struct {
	name, body string
	want       []string
	err        string // a part of the error's text
}

func run(t *testing.T, open func(io.Reader) Reader, tests []bodyTest) {
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := drain(t, tt.body, open)
			if (err == nil) != (tt.err == "") || (err != nil && !strings.Contains(err.Error(), tt.err)) {
				t.Fatalf("err = %v, want %q", err, tt.err)
			}
			if err != nil && datarun.KindOf(err) != datarun.Invalid {
				t.Errorf("kind = %v", datarun.KindOf(err))
			}
			if err == nil && fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tt.want) {
				t.Errorf("got %.300q\nwant %.300q", got, tt.want)
			}
		})
	}
}

var long = strings.Repeat("x", 3<<20)

func TestArray(t *testing.T) {
	run(t, openArray, []bodyTest{
		{name: "empty", body: " [ ] \n"},
		{name: "two", body: `[{"a":1},{"b":"]}\"[{,"}]`, want: []string{`{"a":1}`, `{"b":"]}\"[{,"}`}},
		{name: "spaces and BOM", body: "\ufeff\r\n[ {\"a\" : [1, {}]}\t,\n{} ]", want: []string{`{"a" : [1, {}]}`, `{}`}},
		{name: "no objects", body: `[1,"a,]",null,[{}], true ]`, want: []string{"syntax@", "syntax@", "syntax@", "syntax@", "syntax@"}},
		{name: "too long", body: `[{"a":1},{"a":"` + long + `"},{"a":3}]`, want: []string{`{"a":1}`, "size@", `{"a":3}`}},
		{name: "long word", body: "[" + long + ",{}]", want: []string{"size@", "{}"}},
		{name: "nothing", body: "", err: "does not begin with '['"},
		{name: "an object", body: `{"a":1}`, err: "does not begin with '['"},
		{name: "not JSON", body: "<html>", err: "does not begin with '['"},
		{name: "open", body: `[{"a":1}`, err: "ends after element 0"},
		{name: "open inside", body: `[{"a":1},{"b":`, err: "ends inside element 1"},
		{name: "open string", body: `[{"a":1},"b`, err: "ends inside element 1"},
		{name: "open word", body: `[{"a":1},12`, err: "ends with element 1"},
		{name: "open after comma", body: `[{"a":1},`, err: "ends after element 0"},
		{name: "comma at the end", body: `[{},]`, err: "element 1 is missing"},
		{name: "comma first", body: `[,{}]`, err: "element 0 is missing"},
		{name: "no comma", body: `[{} {}]`, err: "element 0 is not followed"},
		{name: "brace too many", body: `[{"a":1}},{}]`, err: "element 0 is not followed"},
		{name: "trailing", body: `[{}] []`, err: "something after the array"},
	})
}

func TestLines(t *testing.T) {
	run(t, openLines, []bodyTest{
		{name: "nothing"},
		{name: "lines", body: "\ufeff{\"a\":1}\r\n\n  \n{\"a\":2}", want: []string{`{"a":1}`, `{"a":2}`}},
		{name: "one bad", body: "{\"a\":1}\n<oops>\n{\"a\":3}\n", want: []string{`{"a":1}`, "syntax@line 2", `{"a":3}`}},
		{name: "too long", body: "{\"a\":1}\n" + long + "\n{\"a\":3}\n", want: []string{`{"a":1}`, "size@line 2", `{"a":3}`}},
		{name: "too long at the end", body: "{\"a\":1}\n" + long, want: []string{`{"a":1}`, "size@line 2"}},
	})
}

func TestCSV(t *testing.T) {
	gbk, err := simplifiedchinese.GBK.NewEncoder().String("id,name,面积\n1,鄂城区,128.5\n")
	if err != nil {
		t.Fatal(err)
	}
	run(t, openCSV(""), []bodyTest{
		{name: "rows", body: "\ufeffid,name,n\r\n1,甲,7\r\n\r\n\"2\",\"a,\"\"b\"\"\nc\",\n3,\"\",\"\"", want: []string{`{"id":"1","name":"甲","n":"7"}`, `{"id":"2","name":"a,\"b\"\nc"}`, `{"id":"3","name":""}`}},
		{name: "columns in another order", body: "n, id \n7,1\n", want: []string{`{"n":"7","id":"1"}`}},
		{name: "fields missing", body: "id,name\n1\n2,b\n3,b,c\n", want: []string{"syntax@row 2", `{"id":"2","name":"b"}`, "syntax@row 4"}},
		{name: "not UTF-8", body: "id\n1\n\xb6\xf5\n3\n", want: []string{`{"id":"1"}`, "syntax@row 3", `{"id":"3"}`}},
		{name: "header only", body: "id,name"},
		{name: "too long", body: "id,name\n1," + long + "\n2,b\n", want: []string{"size@row 2", `{"id":"2","name":"b"}`}},
		{name: "too long in quotes", body: "id,name\n1,\"" + long + "\"\n2,b\n", err: "row 2 opens a quote that is not closed within"},
		{name: "too long with a quote later", body: "id,name\n1," + long + "\"\n\"\n2,b\n", err: "row 2 is over"},
		{name: "nothing", err: "no header row"},
		{name: "missing column", body: "name\na\n", err: "lacks item id"},
		{name: "unknown column", body: "id,secret\n1,2\n", err: "column 2 of the header is not an item"},
		{name: "column twice", body: "id,id\n1,2\n", err: "item id twice"},
		{name: "open quote", body: "id,name\n1,\"a\n2,b\n", err: "row 2 opens a quote that is never closed"},
		{name: "quote inside", body: "id,name\n1,a\"b\"c\n", err: "row 2: field 2 has a quote inside"},
		{name: "after the quote", body: "id,name\n1,\"a\"b\n\"\n", err: "row 2"},
		{name: "inner quotes", body: "id,name\n1,\"he said \"hi\" there\"\n2,b\n", err: "row 2: field 2 goes on after its closing quote"},
	})
	run(t, openCSV("GBK"), []bodyTest{
		{name: "gbk", body: gbk, want: []string{`{"id":"1","name":"鄂城区","面积":"128.5"}`}},
		{name: "not gbk", body: "id\n\x81\x20\n2\n", want: []string{"syntax@row 2", `{"id":"2"}`}},
	})
	if _, err := NewCSV(strings.NewReader(""), "utf-16", items, nil); datarun.KindOf(err) != datarun.Invalid {
		t.Errorf("utf-16: %v", err)
	}
}

func TestErrorsHaveNoContent(t *testing.T) {
	const secret = "420704199001011234"
	for _, body := range []string{secret, `[{"a":"` + secret, `["` + secret + `"`, `[{}` + secret} {
		if _, err := drain(t, body, openArray); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("array: %v", err)
		}
	}
	for _, body := range []string{secret, "id,name\n" + secret + ",\"", "id,name\n" + secret + ",a\"" + secret} {
		if _, err := drain(t, body, openCSV("")); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("csv: %v", err)
		}
	}
}

func TestCollectLimits(t *testing.T) {
	body := "[" + strings.Repeat(`{"a":1},`, 99) + `{"a":1}]`
	if _, err := Collect(NewArray(strings.NewReader(body)), 99, func(int) error { return nil }); !errors.Is(err, ErrTooMany) {
		t.Errorf("99 of 100: %v", err)
	}
	full := errors.New("full")
	if _, err := Collect(NewArray(strings.NewReader(body)), 100, func(int) error { return full }); !errors.Is(err, full) {
		t.Errorf("no memory: %v", err)
	}
	got, err := Collect(NewArray(strings.NewReader(body)), 100, func(int) error { return nil })
	if err != nil || len(got) != 100 {
		t.Errorf("%d records, %v", len(got), err)
	}
	lost := errors.New("lost")
	for _, open := range []func(io.Reader) Reader{openArray, openLines, openCSV(""), openCSV("gbk")} {
		r := io.MultiReader(strings.NewReader("["), iotest.ErrReader(lost))
		if _, err := Collect(open(r), 1, func(int) error { return nil }); !errors.Is(err, lost) {
			t.Errorf("a broken connection became %v", err)
		}
	}
}

// FuzzArray holds Array against encoding/json: where that reads an array, Array gives the same elements.
func FuzzArray(f *testing.F) {
	f.Add([]byte(`[{"a":"\\\"]"},{"b":[1,{}]},null,"x"]`))
	f.Add([]byte(`[1 ,2, {"a":}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var want []json.RawMessage
		stdErr := json.Unmarshal(body, &want)
		got, err := drain(t, string(body), openArray)
		if stdErr != nil || want == nil {
			return // Array looks at brackets and quotes only; the check sees the rest
		}
		if err != nil || len(got) != len(want) {
			t.Fatalf("%d elements and %v, want %d", len(got), err, len(want))
		}
		for i := range want {
			if want[i][0] == '{' && got[i] != string(want[i]) {
				t.Fatalf("element %d differs", i)
			}
		}
	})
}

// FuzzLines demands that each line that is not blank is one record.
func FuzzLines(f *testing.F) {
	f.Add([]byte("{}\n\n{\"a\":1}\r\n[]"))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := drain(t, string(body), openLines)
		if err != nil {
			t.Fatal(err)
		}
		want := 0
		for _, line := range bytes.Split(bytes.TrimPrefix(body, []byte("\ufeff")), []byte("\n")) {
			if len(bytes.Trim(line, " \t\r")) > 0 {
				want++
			}
		}
		if len(got) != want {
			t.Fatalf("%d records of %d lines", len(got), want)
		}
	})
}

// FuzzCSV demands that every record is a JSON object of text, and that nothing panics.
func FuzzCSV(f *testing.F) {
	f.Add("id,name\n1,\"a\"\"b\"\n", false)
	f.Add("id\r\n\xb6\xf5\r\n", true)
	f.Fuzz(func(t *testing.T, body string, gbk bool) {
		charset := ""
		if gbk {
			charset = "gbk"
		}
		got, _ := drain(t, body, openCSV(charset))
		for _, g := range got {
			var m map[string]string
			if strings.HasPrefix(g, "{") && json.Unmarshal([]byte(g), &m) != nil {
				t.Fatal("a record is not an object of text")
			}
		}
	})
}

func benchmark(b *testing.B, body string, rows int, open func(io.Reader) Reader) {
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		got, err := Collect(open(strings.NewReader(body)), rows, func(int) error { return nil })
		if err != nil || len(got) != rows {
			b.Fatal(len(got), err)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

const row = `{"id":"420704199001011234","name":"鄂城区凤凰街道","n":123456,"面积":"128.55"}`

func BenchmarkArray(b *testing.B) {
	benchmark(b, "["+strings.Repeat(row+",\n", 49_999)+row+"]", 50_000, openArray)
}

func BenchmarkLines(b *testing.B) {
	benchmark(b, strings.Repeat(row+"\n", 50_000), 50_000, openLines)
}

func BenchmarkCSV(b *testing.B) {
	benchmark(b, "id,name,n,面积\n"+strings.Repeat("420704199001011234,\"鄂城区凤凰街道\",123456,128.55\n", 50_000), 50_000, openCSV(""))
}
