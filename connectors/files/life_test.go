package files

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"datarun"
	"datarun/connectors"
)

func numbered(from, to int) string {
	var b strings.Builder
	b.WriteString("a\n")
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, "%d\n", i)
	}
	return b.String()
}

func TestOrderAndMove(t *testing.T) {
	d := newDrop(t, "")
	d.put("z.csv", "a\n1\n")
	d.put("a.csv", "a\n2\n")
	d.put("sub/b.csv", "a\n9\n")
	for _, name := range []string{".h.csv", "~$x.csv", "x.csv.tmp", "y.csv.part", "z.csv.filepart"} {
		d.put(name, "a\n8\n")
	}
	stream := connectors.Stream{Name: "s", Object: "*"}
	g := d.read(stream, nil)
	wantRows(t, g, `{"a":"1"}`, `{"a":"2"}`)
	if again := d.read(stream, g.position); len(again.batches) != 0 {
		t.Errorf("read again: %s", again.text())
	}
	d.ack(stream, g.position)
	d.ack(stream, g.position)
	if want := ".h.csv done/a.csv done/z.csv sub/b.csv x.csv.tmp y.csv.part z.csv.filepart ~$x.csv"; d.ls() != want {
		t.Errorf("%s, want %s", d.ls(), want)
	}
	g = d.read(stream, g.position)
	if len(g.batches) != 0 {
		t.Errorf("news after the ack: %s", g.text())
	}
	deep := connectors.Stream{Name: "t", Object: "*/*.csv"}
	g = d.read(deep, nil)
	wantRows(t, g, `{"a":"9"}`)
	d.ack(deep, g.position)
	if !strings.Contains(d.ls(), "done/sub/b.csv") {
		t.Error(d.ls())
	}
}

func TestSameNameAgain(t *testing.T) {
	d := newDrop(t, "")
	stream := csvStream("")
	var at datarun.Position
	for i := range 3 {
		d.put("day.csv", fmt.Sprintf("a\n%d\n", i))
		g := d.read(stream, at)
		wantRows(t, g, fmt.Sprintf(`{"a":"%d"}`, i))
		at = g.position
		d.ack(stream, at)
	}
	if want := "done/day.20260102-110605.csv done/day.20260102-110705.csv done/day.csv"; d.ls() != want {
		t.Errorf("%s, want %s", d.ls(), want)
	}
	// The same name and time again: still nothing is replaced.
	d.clock = d.clock.Add(-time.Minute)
	d.put("day.csv", "a\n77\n")
	g := d.read(stream, at)
	wantRows(t, g, `{"a":"77"}`)
	d.ack(stream, g.position)
	if !strings.Contains(d.ls(), "done/day.20260102-110705-2.csv") {
		t.Error(d.ls())
	}
}

// TestResume reads on from every position of a large file, with a new source each time.
func TestResume(t *testing.T) {
	const rows = 30_000
	d := newDrop(t, "")
	d.put("a.csv", "a\n0\n")
	d.put("f.csv", numbered(1, rows))
	d.put("g.csv", numbered(rows, rows+10))
	stream := csvStream("")
	whole := d.read(stream, nil)
	if len(whole.rows) != rows+10 || len(whole.batches) < 4 {
		t.Fatalf("%d rows in %d batches", len(whole.rows), len(whole.batches))
	}
	seen := 0
	for _, b := range whole.batches {
		seen += len(b.Records)
		d.restart("")
		rest := d.read(stream, b.Position)
		if got, want := rest.text(), strings.Join(whole.rows[seen:], "\n"); got != want {
			t.Fatalf("after %d rows: %d rows, want %d", seen, len(rest.rows), rows+10-seen)
		}
	}
}

// TestCrashBetweenSaveAndAck starts a new source with the saved position and no ack: nothing comes twice, and the files
// are offered for an ack once more.
func TestCrashBetweenSaveAndAck(t *testing.T) {
	d := newDrop(t, "")
	d.put("a.csv", "a\n1\n")
	d.put("b.csv", "a\n2\n")
	stream := csvStream("")
	g := d.read(stream, nil)
	d.restart("")
	again := d.read(stream, g.position)
	if len(again.rows) != 0 || len(again.batches) != 1 {
		t.Fatalf("%d batches: %s", len(again.batches), again.text())
	}
	d.ack(stream, again.position)
	if d.ls() != "done/a.csv done/b.csv" {
		t.Error(d.ls())
	}
	// A crash in the middle of an ack, and the ack repeated by a new process.
	d.put("c.csv", "a\n3\n")
	d.put("d.csv", "a\n4\n")
	g = d.read(stream, again.position)
	if err := os.Rename(filepath.Join(d.dir, "c.csv"), filepath.Join(d.dir, "done/c.csv")); err != nil {
		t.Fatal(err)
	}
	d.restart("")
	d.ack(stream, g.position)
	if d.ls() != "done/a.csv done/b.csv done/c.csv done/d.csv" {
		t.Error(d.ls())
	}
}

// TestAckMovesOnlyWhatIsCovered acks the position in the middle of the second file.
func TestAckMovesOnlyWhatIsCovered(t *testing.T) {
	d := newDrop(t, "")
	d.put("a.csv", "a\n0\n")
	d.put("b.csv", numbered(1, 20_000))
	stream := csvStream("")
	g := d.read(stream, nil)
	d.ack(stream, g.batches[0].Position)
	if d.ls() != "b.csv done/a.csv" {
		t.Error(d.ls())
	}
	// A file that was replaced after it was read is not moved: it was not read.
	d.put("b.csv", "a\nnew\n")
	d.ack(stream, g.position)
	if d.ls() != "b.csv done/a.csv" {
		t.Error(d.ls())
	}
	wantRows(t, d.read(stream, g.position), `{"a":"new"}`)
}

func TestFileChangesWhileRead(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"grown": func(path string) error {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err == nil {
				_, err = f.WriteString("999999\n")
				f.Close()
			}
			return err
		},
		"shrunk": func(path string) error { return os.Truncate(path, 1000) },
		"replaced": func(path string) error {
			info, err := os.Stat(path)
			if err == nil {
				err = os.WriteFile(path+".tmp", []byte(numbered(0, 40_000)), 0o644)
			}
			if err == nil {
				err = os.Chtimes(path+".tmp", info.ModTime(), info.ModTime()) // same size and time, another file
			}
			if err == nil {
				err = os.Rename(path+".tmp", path)
			}
			return err
		},
		"removed": os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			d := newDrop(t, "")
			d.put("f.csv", numbered(0, 40_000))
			path := filepath.Join(d.dir, "f.csv")
			stream := csvStream("")
			batches := 0
			err := d.source.Read(context.Background(), stream, nil, func(datarun.Batch) error {
				if batches++; batches == 1 {
					return change(path)
				}
				return nil
			})
			if err == nil || !strings.Contains(err.Error(), "f.csv: changed while") || datarun.KindOf(err) != datarun.Conflict {
				t.Fatalf("%v", err)
			}
			if batches != 1 {
				t.Errorf("%d batches", batches)
			}
		})
	}
}

// TestChangedFileIsReadAgain goes on from the middle of a file that is another one by now.
func TestChangedFileIsReadAgain(t *testing.T) {
	d := newDrop(t, "")
	d.put("f.csv", numbered(0, 20_000))
	g := d.read(csvStream(""), nil)
	d.put("f.csv", "a\nx\ny\n")
	wantRows(t, d.read(csvStream(""), g.batches[0].Position), `{"a":"x"}`, `{"a":"y"}`)
}

func TestSettle(t *testing.T) {
	d := newDrop(t, "")
	d.restart(`,"settle":"150ms"`)
	d.put("f.csv", "a\n1\n")
	stop := make(chan struct{})
	stopped := make(chan struct{})
	go func() { // somebody who keeps writing
		defer close(stopped)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
				f, err := os.OpenFile(filepath.Join(d.dir, "busy.csv"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
				if err == nil {
					fmt.Fprintf(f, "%d\n", i)
					f.Close()
				}
			}
		}
	}()
	g := d.read(csvStream(""), nil)
	wantRows(t, g, `{"a":"1"}`)
	close(stop)
	<-stopped
	g = d.read(csvStream(""), g.position)
	if len(g.rows) == 0 {
		t.Error("the file that came to rest was not read")
	}
}

func TestNothingOutsideTheFolder(t *testing.T) {
	d := newDrop(t, "")
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret.csv"), []byte("a\n1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"link.csv": filepath.Join(outside, "secret.csv"), "dir": outside} {
		if err := os.Symlink(to, filepath.Join(d.dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, object := range []string{"*.csv", "*/*.csv", "dir/secret.csv"} {
		g := d.read(connectors.Stream{Name: "s", Object: object}, nil)
		if len(g.rows) != 0 {
			t.Errorf("%s: %s", object, g.text())
		}
	}
	for _, object := range []string{"../x.csv", "/etc/passwd", "a/../../x", "", "a//b", "./a", `..\x`, "[", "a/.."} {
		_, err := d.tryRead(connectors.Stream{Name: "s", Object: object}, nil)
		if datarun.KindOf(err) != datarun.Invalid || err == nil {
			t.Errorf("%q: %v", object, err)
		}
	}
	forged := `{"done":[{"name":"../` + filepath.Base(outside) + `/secret.csv","size":4,"mtime":1}]}`
	if err := d.source.Ack(context.Background(), csvStream(""), datarun.Position(forged)); datarun.KindOf(err) != datarun.Corrupt {
		t.Errorf("forged position: %v", err)
	}
}

// TestPositionStaysBounded reads far more files than a position can name, acking as a hub does.
func TestPositionStaysBounded(t *testing.T) {
	d := newDrop(t, "")
	const count = 1500
	for i := range count {
		d.put(fmt.Sprintf("file-with-a-rather-long-name-%06d.csv", i), fmt.Sprintf("a\n%d\n", i))
	}
	stream := csvStream("")
	rows, largest := 0, 0
	err := d.source.Read(context.Background(), stream, nil, func(b datarun.Batch) error {
		rows, largest = rows+len(b.Records), max(largest, len(b.Position))
		return d.source.Ack(context.Background(), stream, b.Position)
	})
	if err != nil || rows != count || largest > 64<<10 {
		t.Fatalf("%d rows, position of %d bytes: %v", rows, largest, err)
	}
	if left, _ := filepath.Glob(filepath.Join(d.dir, "*.csv")); len(left) != 0 {
		t.Errorf("%d files left", len(left))
	}
}

func TestNamesThatAreNotUTF8(t *testing.T) {
	d := newDrop(t, "")
	d.put(gbk(t, "人员")+".csv", "a\n1\n")
	g := d.read(csvStream(""), nil)
	wantRows(t, g, `{"a":"1"}`)
	d.ack(csvStream(""), g.position)
	if d.ls() != "done/"+gbk(t, "人员")+".csv" {
		t.Errorf("%q", d.ls())
	}
}

func TestCancelAndEmitError(t *testing.T) {
	d := newDrop(t, "")
	d.put("f.csv", numbered(0, 40_000))
	own := errors.New("the hub's own")
	err := d.source.Read(context.Background(), csvStream(""), nil, func(datarun.Batch) error { return own })
	if err != own {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	err = d.source.Read(ctx, csvStream(""), nil, func(datarun.Batch) error { cancel(); return nil })
	if err != context.Canceled {
		t.Errorf("%v", err)
	}
	d.restart(`,"settle":"10m"`)
	ctx, cancel = context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := d.source.Read(ctx, csvStream(""), nil, func(datarun.Batch) error { return nil }); err != context.DeadlineExceeded {
		t.Errorf("%v", err)
	}
}

// TestFailingFileKeepsNothingBack has a file that cannot be opened behind one that can.
func TestFailingFileKeepsNothingBack(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Log("root may open everything: the file is removed between listing and opening instead")
	}
	d := newDrop(t, "")
	d.put("a.csv", "a\n1\n")
	d.put("b.csv", numbered(0, 20_000))
	var rows int
	err := d.source.Read(context.Background(), csvStream(""), nil, func(b datarun.Batch) error {
		if rows += len(b.Records); rows == len(b.Records) {
			return os.Remove(filepath.Join(d.dir, "b.csv"))
		}
		return nil
	})
	if datarun.KindOf(err) != datarun.Conflict || rows == 0 {
		t.Errorf("%d rows, %v", rows, err)
	}
}

func TestSettings(t *testing.T) {
	for in, want := range map[string]string{
		`{}`:                                     `"folder"`,
		`{"folder":"/x","foldre":1}`:             `did you mean "folder"`,
		`{"folder":"/x","done":"../y"}`:          `"done"`,
		`{"folder":"/x","done":"/y"}`:            `"done"`,
		`{"folder":"/x","failed":"."}`:           `"failed"`,
		`{"folder":"/x","failed":"done/"}`:       `must differ`,
		`{"folder":"/x","zone":"Asia/Shanghai"}`: `"zone"`,
		`{"folder":"/x","max_line":"1GiB"}`:      `"max_line"`,
		`{"folder":"/x","settle":3}`:             `"settle"`,
	} {
		if _, err := New([]byte(in)); datarun.KindOf(err) != datarun.Invalid || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", in, err)
		}
	}
	d := newDrop(t, "")
	for in, want := range map[string]string{
		`{"delimeter":";"}`:        `did you mean "delimiter"`,
		`{"delimiter":"，"}`:        `"delimiter"`,
		`{"delimiter":"\""}`:       `"delimiter"`,
		`{"encoding":"big5"}`:      `"encoding"`,
		`{"format":"xls"}`:         `"format"`,
		`{"header":0}`:             `"header"`,
		`{"columns":{"nope":"x"}}`: `no item nope`,
	} {
		_, err := d.tryRead(connectors.Stream{Name: "s", Object: "*.csv", Items: items, Options: []byte(in)}, nil)
		if datarun.KindOf(err) != datarun.Invalid || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", in, err)
		}
	}
}
