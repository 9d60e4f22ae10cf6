package restapi

import (
	"net/http"
	"strings"
	"testing"

	"datarun"
	"datarun/connectors"
)

// TestModes reads the same listing in every way, whole and on from every position.
func TestModes(t *testing.T) {
	for name, stream := range modes {
		for _, count := range []int{0, 1, 7, 30} {
			t.Run(name, func(t *testing.T) {
				s := newService(t, count)
				source := s.source(t, "")
				g := read(t, source, stream, nil)
				if distinct(g.rows) != count || len(g.faults) != 0 {
					t.Fatalf("%d rows of %d", distinct(g.rows), count)
				}
				if count > 0 && g.rows[0] != `{"id":0,"amount":12345678901234567890.00,"name":"n0","at":"2026-01-02T03:00:00+08:00"}` {
					t.Errorf("row %s", g.rows[0])
				}
				if again := read(t, source, stream, g.position); len(again.batches) != 0 {
					t.Errorf("caught up, and yet %d batches: %s", len(again.batches), again.rows)
				}
				before := 0
				for _, b := range g.batches {
					before += len(b.Records)
					rest := read(t, s.source(t, ""), stream, b.Position)
					if all := append(append([]string{}, g.rows[:before]...), rest.rows...); distinct(all) != count {
						t.Errorf("from %s: %d rows of %d", b.Position, distinct(all), count)
					}
				}
			})
		}
	}
}

func TestSinceBringsNews(t *testing.T) {
	for _, name := range []string{"since", "since short", "since with pages", "since with next"} {
		t.Run(name, func(t *testing.T) {
			stream := modes[name]
			s := newService(t, 20)
			source := s.source(t, "")
			g := read(t, source, stream, nil)
			s.add(20, 5)
			news := read(t, source, stream, g.position)
			if distinct(news.rows) != 1 || !strings.Contains(news.rows[0], `"id":20`) {
				t.Fatalf("news: %s", news.rows)
			}
			// A record that was written late, before the last one seen but within the overlap.
			s.rows = append(s.rows, strings.Replace(s.rows[20], `"id":20`, `"id":21`, 1))
			s.rows[21] = strings.Replace(s.rows[21], `03:05:20`, `03:04:40`, 1)
			late := read(t, source, stream, news.position)
			if distinct(late.rows) != 1 || !strings.Contains(late.rows[0], `"id":21`) {
				t.Fatalf("late: %s", late.rows)
			}
			// The hub did not make that durable: it reads on from before, and must get it again.
			again := read(t, source, stream, news.position)
			if !strings.Contains(strings.Join(again.rows, ""), `"id":21`) {
				t.Fatalf("again: %s", again.rows)
			}
			// One far ahead of the clock is handed over and does not hide what comes after.
			s.rows = append(s.rows, `{"id":22,"at":"9998-01-02 03:00:00"}`)
			odd := read(t, source, stream, again.position)
			s.add(23, 6)
			more := read(t, source, stream, odd.position)
			if !strings.Contains(strings.Join(odd.rows, ""), `"id":22`) || !strings.Contains(strings.Join(more.rows, ""), `"id":23`) {
				t.Fatalf("odd %s, more %s", odd.rows, more.rows)
			}
		})
	}
}

func TestSinceNumber(t *testing.T) {
	s := newService(t, 0)
	s.handler = func(w http.ResponseWriter, r *http.Request) bool {
		switch r.URL.Query().Get("after") {
		case "":
			w.Write([]byte(`[{"n":98},{"n":99},{"n":100}]`))
		case "100", "90":
			w.Write([]byte(`[{"n":100}]`))
		}
		return true
	}
	stream := connectors.Stream{Name: "s", Object: "x", Options: []byte(`{"mode":"since","since_item":"n","since_as":"number","since_param":"after","overlap":10,"end":"short"}`)}
	source := s.source(t, "")
	g := read(t, source, stream, nil)
	if len(g.rows) != 3 || !strings.Contains(string(g.position), `"since":"100"`) {
		t.Fatalf("%s %s", g.rows, g.position)
	}
	read(t, source, stream, g.position)
	if last := s.asked[len(s.asked)-1]; !strings.Contains(last, "after=90") {
		t.Errorf("asked %s", last)
	}
}

func TestSinceThatCannotGoOn(t *testing.T) {
	s := newService(t, 0)
	for range 20 {
		s.add(1, 0) // all at one time
	}
	_, err := tryRead(s.source(t, ""), modes["since"], nil)
	if datarun.KindOf(err) != datarun.Invalid || !strings.Contains(err.Error(), "one value of since_item") {
		t.Errorf("%v", err)
	}
	s = newService(t, 0)
	s.handler = func(w http.ResponseWriter, _ *http.Request) bool {
		w.Write([]byte(`{"code":0,"data":{"list":[{"at":"2026-01-02 03:00:07"},{"at":"2026-01-02 03:00:06"}]}}`))
		return true
	}
	stream := listStream("x", `{`+common+`,"mode":"since","since_item":"at","size":2}`)
	if _, err = tryRead(s.source(t, ""), stream, nil); datarun.KindOf(err) != datarun.Invalid || !strings.Contains(err.Error(), "rising") {
		t.Errorf("%v", err)
	}
	stream.Options = []byte(`{` + common + `,"mode":"since","since_item":"when"}`)
	if _, err = tryRead(s.source(t, ""), stream, nil); datarun.KindOf(err) != datarun.Invalid || !strings.Contains(err.Error(), `"when"`) {
		t.Errorf("%v", err)
	}
}

func TestFollow(t *testing.T) {
	s := newService(t, 20)
	source := s.source(t, "")
	g := read(t, source, modes["follow"], nil)
	s.add(20, 0)
	news := read(t, source, modes["follow"], g.position)
	if !strings.Contains(strings.Join(news.rows, ""), `"id":20`) || len(news.rows) > 7 {
		t.Errorf("%s", news.rows)
	}
}

func TestFullEvery(t *testing.T) {
	s := newService(t, 3)
	stream := listStream("list", `{`+common+`,"full_every":"1h"}`)
	g := read(t, s.source(t, ""), stream, nil)
	long := datarun.Position(`{"mode":"page","ended":1}`)
	if again := read(t, s.source(t, ""), stream, long); len(again.rows) != 3 {
		t.Errorf("due, and yet %d rows", len(again.rows))
	}
	asked := len(s.asked)
	if read(t, s.source(t, ""), stream, g.position); len(s.asked) != asked {
		t.Error("asked before it was due")
	}
	// A position of another mode is the beginning.
	if again := read(t, s.source(t, ""), modes["offset"], g.position); len(again.rows) != 3 {
		t.Errorf("%d rows", len(again.rows))
	}
}

func TestRequests(t *testing.T) {
	s := newService(t, 3)
	stream := listStream("list?status=all", `{`+common+`,"size":2,"query":{"q":"a b"},"page_param":"p","size_param":"n","first":0}`)
	s.handler = func(w http.ResponseWriter, r *http.Request) bool {
		w.Write([]byte(`{"code":"0","data":{"list":null}}`))
		return true
	}
	read(t, s.source(t, ""), stream, nil)
	if s.asked[0] != "n=2&p=0&q=a+b&status=all" {
		t.Errorf("asked %s", s.asked[0])
	}
	s = newService(t, 3)
	read(t, s.source(t, ""), modes["post"], nil)
	if s.asked[0] != `{"page":1,"size":7,"x":12345678901234567890}` {
		t.Errorf("asked %s", s.asked[0])
	}
	read(t, s.source(t, ""), modes["post cursor"], nil)
	if last := s.asked[len(s.asked)-1]; last != `{"cursor":null,"size":7}` {
		t.Errorf("asked %s", last)
	}
}

func TestLargePage(t *testing.T) {
	s := newService(t, 0)
	rows := make([]string, 20_000)
	for i := range rows {
		rows[i] = `{"id":1,"name":"` + strings.Repeat("x", 100) + `"}`
	}
	body := []byte("[" + strings.Join(rows, ",\n") + "]")
	s.handler = func(w http.ResponseWriter, _ *http.Request) bool { w.Write(body); return true }
	stream := connectors.Stream{Name: "s", Object: "x", Options: []byte(`{"mode":"single"}`)}
	g := read(t, s.source(t, ""), stream, nil)
	if len(g.rows) != 20_000 || len(g.batches) < 3 {
		t.Fatalf("%d rows, %d batches", len(g.rows), len(g.batches))
	}
	if again := read(t, s.source(t, ""), stream, g.batches[0].Position); len(again.rows) != 20_000 {
		t.Errorf("from the middle of a page: %d rows", len(again.rows))
	}
}
