package files

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"datarun"
	"datarun/connectors"
)

// drop is a drop folder with a source over it.
type drop struct {
	t      testing.TB
	dir    string
	source connectors.Source
	clock  time.Time // time of the next file put
}

func newDrop(t testing.TB, more string) *drop {
	t.Helper()
	d := &drop{t: t, dir: t.TempDir(), clock: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	d.restart(more)
	return d
}

// restart makes a new source, as a new process would.
func (d *drop) restart(more string) {
	d.t.Helper()
	folder, _ := json.Marshal(d.dir)
	source, err := New(json.RawMessage(`{"settle":"0s","folder":` + string(folder) + more + `}`))
	if err != nil {
		d.t.Fatal(err)
	}
	d.source = source
}

// put writes a file, a minute younger than the one before.
func (d *drop) put(name, content string) {
	d.t.Helper()
	path := filepath.Join(d.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		d.t.Fatal(err)
	}
	d.clock = d.clock.Add(time.Minute)
	if err := os.Chtimes(path, d.clock, d.clock); err != nil {
		d.t.Fatal(err)
	}
}

// got is what one or more reads emitted.
type got struct {
	rows     []string
	faults   []datarun.Fault
	raw      []string // data of faulty rows
	batches  []datarun.Batch
	position datarun.Position
}

func (g *got) text() string { return strings.Join(g.rows, "\n") }

func (d *drop) tryRead(stream connectors.Stream, from datarun.Position) (*got, error) {
	g := &got{position: from}
	err := d.source.Read(context.Background(), stream, from, func(b datarun.Batch) error {
		g.batches = append(g.batches, b)
		g.position = b.Position
		for _, r := range b.Records {
			if !json.Valid(r.Data) {
				d.t.Errorf("not JSON: %.200s", r.Data)
			}
			if r.Fault != nil {
				g.faults, g.raw = append(g.faults, *r.Fault), append(g.raw, string(r.Data))
				continue
			}
			g.rows = append(g.rows, string(r.Data))
		}
		return nil
	})
	return g, err
}

func (d *drop) read(stream connectors.Stream, from datarun.Position) *got {
	d.t.Helper()
	g, err := d.tryRead(stream, from)
	if err != nil {
		d.t.Fatal(err)
	}
	return g
}

func (d *drop) ack(stream connectors.Stream, position datarun.Position) {
	d.t.Helper()
	if err := d.source.Ack(context.Background(), stream, position); err != nil {
		d.t.Fatal(err)
	}
}

// ls lists the files below the folder.
func (d *drop) ls() string {
	d.t.Helper()
	var names []string
	err := filepath.Walk(d.dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			name, _ := filepath.Rel(d.dir, path)
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return strings.Join(names, " ")
}

func csvStream(options string) connectors.Stream {
	s := connectors.Stream{Name: "s", Object: "*.csv"}
	if options != "" {
		s.Options = json.RawMessage(options)
	}
	return s
}

var items = []datarun.Item{
	{Name: "id", Title: "身份证号", Type: datarun.Char, Length: 18, Required: true},
	{Name: "name", Title: "姓名", Type: datarun.Char},
	{Name: "born", Title: "出生日期", Type: datarun.Date},
	{Name: "at", Title: "登记时间", Type: datarun.DateTime},
}

func wantRows(t *testing.T, g *got, want ...string) {
	t.Helper()
	if g.text() != strings.Join(want, "\n") {
		t.Errorf("rows:\n%s\nwant:\n%s", g.text(), strings.Join(want, "\n"))
	}
}

func wantFault(t *testing.T, g *got, where, detail string) {
	t.Helper()
	for _, f := range g.faults {
		if f.Where == where && strings.Contains(f.Detail, detail) && f.Rule == datarun.RuleSyntax {
			return
		}
	}
	t.Errorf("no fault at %s with %q: %+v", where, detail, g.faults)
}
