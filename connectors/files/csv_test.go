package files

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"datarun"
	"datarun/connectors"
)

func gbk(t testing.TB, s string) string {
	t.Helper()
	out, err := simplifiedchinese.GB18030.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCSV(t *testing.T) {
	for name, c := range map[string]struct {
		options, content string
		rows             []string
		faults           int
	}{
		"plain":            {"", "a,b\n1,2\n", []string{`{"a":"1","b":"2"}`}, 0},
		"no end":           {"", "a,b\n1,2", []string{`{"a":"1","b":"2"}`}, 0},
		"crlf and empty":   {"", "a,b\r\n\r\n1,\r\n\n,2\r\n", []string{`{"a":"1","b":""}`, `{"a":"","b":"2"}`}, 0},
		"mark":             {"", "\xef\xbb\xbfa,b\n1,2\n", []string{`{"a":"1","b":"2"}`}, 0},
		"quotes":           {"", "a,b\n\"1,\"\"x\"\"\",\"2\"\n", []string{`{"a":"1,\"x\"","b":"2"}`}, 0},
		"quoted lines":     {"", "a,b\n\"1\r\n2\n\n3\",x\n", []string{`{"a":"1\r\n2\n\n3","b":"x"}`}, 0},
		"empty quoted":     {"", "a,b\n\"\",\"\"\n", []string{`{"a":"","b":""}`}, 0},
		"tab":              {`{"delimiter":"\t"}`, "a\tb\n1\t2,3\n", []string{`{"a":"1","b":"2,3"}`}, 0},
		"bar in gbk":       {`{"delimiter":"|","encoding":"gbk"}`, "a|b\n" + gbk(t, "亅|珅") + "\n", []string{`{"a":"亅","b":"珅"}`}, 0},
		"header line":      {`{"header":3}`, "title\n\na,b\n1,2\n", []string{`{"a":"1","b":"2"}`}, 0},
		"columns":          {`{"columns":{"x":"b"}}`, "a,b\n1,2\n", []string{`{"a":"1","x":"2"}`}, 0},
		"unnamed column":   {"", "a,,b\n1,9,2\n", []string{`{"a":"1","b":"2"}`}, 0},
		"spaces in header": {"", " a ,b\n 1 ,2\n", []string{`{"a":" 1 ","b":"2"}`}, 0},
		"escapes":          {"", "a\n\\\tx\n", []string{`{"a":"\\\tx"}`}, 0},
		"gbk detected":     {"", gbk(t, "姓名,b\n张三,€㐀\n"), []string{`{"姓名":"张三","b":"€㐀"}`}, 0},
		"utf-8 detected":   {"", "姓名,b\n张三,2\n", []string{`{"姓名":"张三","b":"2"}`}, 0},
		"gbk after ascii":  {"", "a,b\n" + strings.Repeat("1,2\n", 100) + gbk(t, "张三,2\n"), append(strings.Split(strings.Repeat(`{"a":"1","b":"2"}`+"|", 100), "|")[:100], `{"a":"张三","b":"2"}`), 0},
		"gbk set":          {`{"encoding":"gbk"}`, "a\n\xd5\xc5\n", []string{`{"a":"张"}`}, 0},
		"bare quote":       {"", "a,b\nx\"y,2\n3,4\n", []string{`{"a":"3","b":"4"}`}, 1},
		"after quote":      {"", "a,b\n\"x\"y,2\n3,4\n", []string{`{"a":"3","b":"4"}`}, 1},
		"open quote":       {"", "a,b\n\"x,2\n3,4\n5,6\n", []string{`{"a":"3","b":"4"}`, `{"a":"5","b":"6"}`}, 1},
		"two open quotes":  {"", "a,b\n\"x,2\n3,4\n\"y,6\n7,8\n", []string{`{"a":"3","b":"4"}`, `{"a":"7","b":"8"}`}, 2},
		"cells":            {"", "a,b\n1\n1,2,3\n3,4\n", []string{`{"a":"3","b":"4"}`}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDrop(t, "")
			d.put("f.csv", c.content)
			g := d.read(csvStream(c.options), nil)
			wantRows(t, g, c.rows...)
			if len(g.faults) != c.faults {
				t.Errorf("%d faults, want %d: %+v", len(g.faults), c.faults, g.faults)
			}
		})
	}
}

func TestCSVItems(t *testing.T) {
	d := newDrop(t, "")
	d.put("f.csv", "登记时间,身份证号,出生日期,姓名,多余\n2024/1/2 15:04,420704188001010016,1880/1/1,张三,x\n,,,,\n")
	g := d.read(connectors.Stream{Name: "s", Object: "f.csv", Items: items}, nil)
	wantRows(t, g,
		`{"id":"420704188001010016","name":"张三","born":"1880-01-01","at":"2024-01-02T15:04:00+08:00"}`,
		`{"id":"","name":"","born":null,"at":null}`)
}

func TestBadInputCSVBrokenQuote(t *testing.T) {
	d := newDrop(t, "")
	d.put("persons.csv", "a,b\n1,2\n\"3,4\n5,6\n7,\"8\"9\n10,11\n")
	g := d.read(csvStream(""), nil)
	wantRows(t, g, `{"a":"1","b":"2"}`, `{"a":"5","b":"6"}`, `{"a":"10","b":"11"}`)
	wantFault(t, g, "persons.csv:3", "quote")
	wantFault(t, g, "persons.csv:5", "quote")
	if g.raw[0] != `"\"3,4"` {
		t.Errorf("raw %s", g.raw[0])
	}
}

func TestBadInputCSVWrongEncoding(t *testing.T) {
	d := newDrop(t, "")
	good := strings.Repeat("张三,李四\n", 5)
	d.put("switch.csv", "a,b\n"+good+gbk(t, "王五,赵六\n")+"孙七,周八\n")
	g := d.read(csvStream(""), nil)
	if len(g.rows) != 6 || len(g.faults) != 1 {
		t.Fatalf("%d rows, %+v", len(g.rows), g.faults)
	}
	wantFault(t, g, "switch.csv:7", "UTF-8")
	d.put("gb.csv", "a,b\n"+gbk(t, good)+"x\xff\xff,y\n"+gbk(t, "孙七,周八\n"))
	g = d.read(csvStream(""), g.position)
	if len(g.rows) != 6 || g.rows[5] != `{"a":"孙七","b":"周八"}` {
		t.Fatalf("%s", g.text())
	}
	wantFault(t, g, "gb.csv:7", "GB18030")
	d.put("u16.csv", "\xff\xfea\x00,\x00")
	g = d.read(csvStream(""), g.position)
	wantFault(t, g, "u16.csv", "UTF-16")
}

func TestBadInputCSVMissingColumn(t *testing.T) {
	d := newDrop(t, "")
	d.put("bad.csv", "id,name\n1,2\n3,4\n")
	d.put("good.csv", "id,name,born,at\n1,2,,\n")
	stream := connectors.Stream{Name: "s", Object: "*.csv", Items: items}
	g := d.read(stream, nil)
	wantRows(t, g, `{"id":"1","name":"2","born":null,"at":null}`)
	if len(g.faults) != 1 {
		t.Fatalf("%+v", g.faults)
	}
	wantFault(t, g, "bad.csv:1", `no column for item born: looked for "born" and "出生日期"`)
	if d.ls() != "bad.csv good.csv" {
		t.Errorf("moved before the ack: %s", d.ls())
	}
	d.ack(stream, g.position)
	if d.ls() != "done/good.csv failed/bad.csv" {
		t.Errorf("after the ack: %s", d.ls())
	}
}

func TestCSVColumnsOption(t *testing.T) {
	d := newDrop(t, "")
	d.put("f.csv", "no,name,name\n1,2,3\n")
	two := items[:2]
	g := d.read(connectors.Stream{Name: "s", Object: "*.csv", Items: two, Options: []byte(`{"columns":{"id":"no"}}`)}, nil)
	wantFault(t, g, "f.csv:1", "there twice")
	d = newDrop(t, "")
	d.put("f.csv", "no\n1\n")
	g = d.read(connectors.Stream{Name: "s", Object: "*.csv", Items: two, Options: []byte(`{"columns":{"id":"no","name":""}}`)}, nil)
	wantRows(t, g, `{"id":"1"}`)
}

// TestBadInputOneGigabyteLine skips a line of 1 GB (sparse, so it costs no disk) with bounded memory and one fault.
func TestBadInputOneGigabyteLine(t *testing.T) {
	for _, name := range []string{"f.csv", "f.jsonl"} {
		d := newDrop(t, "")
		row := map[string]string{"f.csv": "1,2\n", "f.jsonl": `{"a":"1","b":"2"}` + "\n"}[name]
		head := map[string]string{"f.csv": "a,b\n", "f.jsonl": ""}[name]
		file, err := os.Create(filepath.Join(d.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(file, head+row+"x")
		if _, err := file.Seek(1<<30, 1); err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(file, "x\n"+row)
		file.Close()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		g := d.read(connectors.Stream{Name: "s", Object: name}, nil)
		runtime.ReadMemStats(&after)
		wantRows(t, g, `{"a":"1","b":"2"}`, `{"a":"1","b":"2"}`)
		if len(g.faults) != 1 || !strings.Contains(g.faults[0].Detail, "longer than max_line") || len(g.raw[0]) > maxRaw {
			t.Errorf("%s: %+v", name, g.faults)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 32<<20 {
			t.Errorf("%s: %d bytes allocated for a skipped line", name, grown)
		}
	}
}

func TestCSVOpenQuoteIsBounded(t *testing.T) {
	d := newDrop(t, `,"max_line":"64KiB"`)
	d.put("f.csv", "a,b\n\"1,2\n"+strings.Repeat("3,4\n", 200_000))
	g := d.read(csvStream(""), nil)
	if len(g.rows) != 200_000 || len(g.faults) != 1 {
		t.Fatalf("%d rows, %+v", len(g.rows), g.faults)
	}
	wantFault(t, g, "f.csv:2", "not closed within 65536 bytes")
}

func TestCSVRecordTooBig(t *testing.T) {
	d := newDrop(t, "")
	d.put("f.csv", "a\n"+strings.Repeat("\x01", 500_000)+"\nx\n")
	g := d.read(csvStream(""), nil)
	wantRows(t, g, `{"a":"x"}`)
	if len(g.faults) != 1 || g.faults[0].Rule != datarun.RuleSize || len(g.raw[0]) > maxRaw {
		t.Fatalf("%+v", g.faults)
	}
}

func TestWholeFileFaults(t *testing.T) {
	for name, c := range map[string]struct{ content, detail string }{
		"empty.csv":  {"", "empty"},
		"book.csv":   {"PK\x03\x04xxxx", "zip archive or workbook"},
		"old.csv":    {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel"},
		"book.xlsx":  {"a,b\n", "not an xlsx workbook"},
		"zip.xlsx":   {"PK\x03\x04xxxx", "cannot be read"},
		"what.dat":   {"a,b\n", "extension"},
		"array.json": {`[{"a":1}]`, "JSON array"},
		"long.csv":   {strings.Repeat("x", 2<<20), "longer than max_line"},
		"quote.csv":  {"a,\"b\n", "quote"},
	} {
		d := newDrop(t, "")
		d.put(name, c.content)
		stream := connectors.Stream{Name: "s", Object: "*"}
		g := d.read(stream, nil)
		if len(g.rows) != 0 || len(g.faults) != 1 || !strings.Contains(g.faults[0].Detail, c.detail) {
			t.Errorf("%s: %s %+v", name, g.text(), g.faults)
		}
		d.ack(stream, g.position)
		if d.ls() != "failed/"+name {
			t.Errorf("%s: %s", name, d.ls())
		}
	}
}
