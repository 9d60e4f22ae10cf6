package files

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"datarun"
	"datarun/connectors"
)

var bookItems = []datarun.Item{
	{Name: "id", Type: datarun.Char}, {Name: "n", Type: datarun.Numeric, Length: 18, Scale: 2},
	{Name: "d", Type: datarun.Date}, {Name: "t", Type: datarun.DateTime}, {Name: "l", Type: datarun.Bool},
}

// book writes a workbook with the given rows on Sheet1, dates and times in cells of their formats.
func book(t testing.TB, path string, rows [][]any) {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	custom := `yyyy"年"m"月"d"日"`
	day, _ := f.NewStyle(&excelize.Style{CustomNumFmt: &custom})
	for i, row := range rows {
		for j, value := range row {
			ref, _ := excelize.CoordinatesToCellName(j+1, i+1)
			if formula, ok := value.(formula); ok {
				f.SetCellFormula("Sheet1", ref, string(formula))
				continue
			}
			if err := f.SetCellValue("Sheet1", ref, value); err != nil {
				t.Fatal(err)
			}
			if at, ok := value.(time.Time); ok && at.Hour() == 0 {
				f.SetCellStyle("Sheet1", ref, ref, day)
			}
		}
	}
	if err := f.SaveAs(path); err != nil {
		t.Fatal(err)
	}
}

type formula string

func TestXLSX(t *testing.T) {
	d := newDrop(t, "")
	day := time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC)
	book(t, filepath.Join(d.dir, "b.xlsx"), [][]any{
		{"id", "n", "d", "t", "l", "extra"},
		{"420704188001010016", 0.1 + 0.2, day, day.Add(15*time.Hour + 4*time.Minute + 5*time.Second), true, "x"},
		{},
		{"007", "12.50", "2024/1/2", "2024-01-02 15:04", "false"},
		{13800138000, 1e6, 20240102, nil, nil},
		{42070418800101001.0 * 10, 1, nil, nil, nil},
		{"#x", nil, "2024", nil, nil},
		{formula("1+1"), nil, nil, nil, nil},
		{"last", -1.5, nil, nil, nil},
	})
	stream := connectors.Stream{Name: "s", Object: "*.xlsx", Items: bookItems}
	g := d.read(stream, nil)
	wantRows(t, g,
		`{"id":"420704188001010016","n":"0.3","d":"2024-01-02","t":"2024-01-02T15:04:05+08:00","l":"true"}`,
		`{"id":"007","n":"12.50","d":"2024-01-02","t":"2024-01-02T15:04:00+08:00","l":"false"}`,
		`{"id":"13800138000","n":"1000000","d":"2024-01-02","t":null,"l":null}`,
		`{"id":"#x","n":null,"d":"2024","t":null,"l":null}`,
		`{"id":"last","n":"-1.5","d":null,"t":null,"l":null}`)
	wantFault(t, g, "b.xlsx:6", "more than 15 digits")
	wantFault(t, g, "b.xlsx:8", "never calculated")
	d.ack(stream, g.position)
	if d.ls() != "done/b.xlsx" {
		t.Error(d.ls())
	}
	stream.Options = []byte(`{"sheet":"nope"}`)
	if err := os.Rename(filepath.Join(d.dir, "done/b.xlsx"), filepath.Join(d.dir, "b.xlsx")); err != nil {
		t.Fatal(err)
	}
	wantFault(t, d.read(stream, nil), "b.xlsx", `no sheet "nope"`)
	stream.Options, stream.Items = []byte(`{"sheet":"Sheet1"}`), nil
	if g := d.read(stream, nil); !strings.Contains(g.rows[0], `"t":"2024-01-02 15:04:05"`) || !strings.Contains(g.rows[0], `"d":"2024-01-02"`) {
		t.Errorf("without items: %s", g.rows[0])
	}
}

// streamed writes a large workbook the way reports are written, with inline strings.
func streamed(t testing.TB, path string, rows int) {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	w.SetRow("A1", []any{"a", "b", "c", "d", "e", "f", "g"})
	for i := range rows {
		w.SetRow(fmt.Sprintf("A%d", i+2), []any{fmt.Sprint(i), "张三", 12.5, "420704188001010016", i, "鄂城区", "x & y"})
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.SaveAs(path); err != nil {
		t.Fatal(err)
	}
}

func TestXLSXResume(t *testing.T) {
	d := newDrop(t, "")
	const rows = 20_000
	streamed(t, filepath.Join(d.dir, "b.xlsx"), rows)
	stream := connectors.Stream{Name: "s", Object: "b.xlsx"}
	g := d.read(stream, nil)
	if len(g.rows) != rows || len(g.batches) < 3 {
		t.Fatalf("%d rows, %d batches", len(g.rows), len(g.batches))
	}
	if want := `{"a":"7","b":"张三","c":"12.5","d":"420704188001010016","e":"7","f":"鄂城区","g":"x & y"}`; g.rows[7] != want {
		t.Errorf("%s", g.rows[7])
	}
	rest := d.read(stream, g.batches[0].Position)
	if rest.text() != strings.Join(g.rows[len(g.batches[0].Records):], "\n") {
		t.Errorf("%d rows after the first batch", len(rest.rows))
	}
}

// rewrite copies a workbook with one part changed.
func rewrite(t testing.TB, from, to, part string, change func([]byte) []byte) {
	t.Helper()
	in, err := zip.OpenReader(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range in.File {
		r, _ := f.Open()
		content, _ := io.ReadAll(r)
		r.Close()
		if f.Name == part {
			content = change(content)
		}
		p, _ := w.Create(f.Name)
		p.Write(content)
	}
	w.Close()
	if err := os.WriteFile(to, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestXLSXBreaksOff has a sheet whose XML ends in the middle: what came before is read, the rest is a fault and the file
// goes to failed. No row may be lost in silence.
func TestXLSXBreaksOff(t *testing.T) {
	d := newDrop(t, "")
	whole := filepath.Join(t.TempDir(), "w.xlsx")
	streamed(t, whole, 100)
	const sheet = "xl/worksheets/sheet1.xml"
	for name, change := range map[string]func([]byte) []byte{
		"cut": func(b []byte) []byte { return b[:len(b)/2] },
		"garbage": func(b []byte) []byte {
			return append(append(append([]byte{}, b[:len(b)/2]...), "<<&"...), b[len(b)/2:]...)
		},
		"bomb": func(b []byte) []byte {
			return bytes.Replace(b, []byte("x &amp; y"), bytes.Repeat([]byte("x"), maxToken+10), 1)
		},
		"missing": func([]byte) []byte { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			d.put("x", "")
			rewrite(t, whole, filepath.Join(d.dir, name+".xlsx"), sheet, change)
			stream := connectors.Stream{Name: name, Object: name + ".xlsx"}
			g := d.read(stream, nil)
			if len(g.faults) != 1 || len(g.rows) >= 100 {
				t.Errorf("%d rows, %+v", len(g.rows), g.faults)
			}
			d.ack(stream, g.position)
			if !strings.Contains(d.ls(), "failed/"+name+".xlsx") {
				t.Error(d.ls())
			}
		})
	}
}

func TestSerial(t *testing.T) {
	for _, c := range []struct {
		in   string
		base bool
		kind datarun.ItemType
		want string
	}{
		{"45293", false, datarun.Date, "2024-01-02"},
		{"45293", false, datarun.DateTime, "2024-01-02 00:00:00"},
		{"45293.627835648149", false, datarun.DateTime, "2024-01-02 15:04:05"},
		{"1", false, "", "1900-01-01"}, {"59", false, "", "1900-02-28"}, {"60", false, "", ""}, {"61", false, "", "1900-03-01"},
		{"0.5", false, "", "12:00:00"}, {"-1", false, "", ""}, {"9999999", false, "", ""}, {"NaN", false, "", ""}, {"x", false, "", ""},
		{"43831", true, "", "2024-01-02"},
	} {
		out, ok := appendSerial(nil, []byte(c.in), c.base, c.kind)
		if ok != (c.want != "") || (ok && string(out) != c.want) {
			t.Errorf("%s: %s %v", c.in, out, ok)
		}
	}
}

func TestDateFormats(t *testing.T) {
	for code, want := range map[string]bool{
		"General": false, "0.00": false, "@": false, "yyyy-mm-dd": true, `yyyy"年"m"月"`: true, "[$-804]yyyy": true,
		"[h]:mm:ss": false, `0"days"`: false, "[Red]0": false, `#,##0\d`: false, "h:mm": true, "0;yyyy": false, `"y"0`: false,
	} {
		if showsDate(code) != want {
			t.Errorf("%s: %v", code, !want)
		}
	}
}
