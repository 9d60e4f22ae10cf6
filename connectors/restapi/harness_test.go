package restapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"

	"datarun"
	"datarun/connectors"
)

// service is a listing over HTTP that pages in every way.
type service struct {
	*httptest.Server
	mu      sync.Mutex
	rows    []string // JSON objects
	asked   []string // queries and bodies, in order
	handler func(w http.ResponseWriter, r *http.Request) bool
}

func newService(t testing.TB, count int) *service {
	s := &service{}
	for i := range count {
		s.add(i, 0)
	}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

// add appends a row changed at the given minute.
func (s *service) add(id, minute int) {
	s.rows = append(s.rows, fmt.Sprintf(`{"id":%d,"amount":12345678901234567890.%02d,"who":{"name":"n%d"},"at":"2026-01-02 03:%02d:%02d"}`, id, id%100, id, minute, id%60))
}

func (s *service) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var body map[string]any
	ask := r.URL.RawQuery
	if r.Method == http.MethodPost {
		d := json.NewDecoder(r.Body)
		d.UseNumber()
		_ = d.Decode(&body)
		out, _ := json.Marshal(body)
		ask = string(out)
	}
	s.asked = append(s.asked, ask)
	if s.handler != nil && s.handler(w, r) {
		return
	}
	value := func(name string) string {
		if v, ok := body[name]; ok && v != nil {
			return fmt.Sprint(v)
		}
		return r.URL.Query().Get(name)
	}
	number := func(name string, usual int) int {
		if n, err := strconv.Atoi(value(name)); err == nil {
			return n
		}
		return usual
	}
	size := number("size", number("limit", 100))
	rows := s.rows
	if since := value("since"); since != "" || r.URL.Path == "/since" {
		rows = nil
		for _, row := range s.rows {
			if at := timeOf(row); at >= since {
				rows = append(rows, row)
			}
		}
		sort.SliceStable(rows, func(i, j int) bool { return timeOf(rows[i]) < timeOf(rows[j]) })
	}
	from := (number("page", 1) - 1) * size
	if value("offset") != "" {
		from = number("offset", 0)
	}
	if value("cursor") != "" {
		from = number("cursor", 0)
	}
	from = min(from, len(rows))
	to := min(from+size, len(rows))
	next := "null"
	if to < len(rows) {
		next = fmt.Sprintf(`"%d"`, to)
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"code":0,"data":{"list":[%s],"next":%s,"total":7}}`, strings.Join(rows[from:to], ", "), next)
}

func timeOf(row string) string {
	var r struct{ At string }
	_ = json.Unmarshal([]byte(row), &r)
	return r.At
}

func (s *service) source(t testing.TB, more string) connectors.Source {
	t.Helper()
	source, err := New(json.RawMessage(fmt.Sprintf(`{"url":%q,"rate":0,"retries":0%s}`, s.URL, more)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { source.Close() })
	return source
}

type got struct {
	rows     []string
	faults   []datarun.Fault
	batches  []datarun.Batch
	position datarun.Position
}

func tryRead(source connectors.Source, stream connectors.Stream, from datarun.Position) (*got, error) {
	g := &got{position: from}
	err := source.Read(context.Background(), stream, from, func(b datarun.Batch) error {
		g.batches = append(g.batches, b)
		g.position = b.Position
		for _, r := range b.Records {
			if r.Fault != nil {
				g.faults = append(g.faults, *r.Fault)
				continue
			}
			g.rows = append(g.rows, string(r.Data))
		}
		return nil
	})
	return g, err
}

func read(t *testing.T, source connectors.Source, stream connectors.Stream, from datarun.Position) *got {
	t.Helper()
	g, err := tryRead(source, stream, from)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func listStream(object, options string) connectors.Stream {
	return connectors.Stream{Name: "s", Object: object, Options: json.RawMessage(options), Key: []datarun.ItemName{"id"}, Items: []datarun.Item{
		{Name: "id", Type: datarun.Integer}, {Name: "amount", Type: datarun.Numeric}, {Name: "name", Type: datarun.Char}, {Name: "at", Type: datarun.DateTime},
	}}
}

const common = `"records":"data.list","columns":{"name":"who.name"},"ok_path":"code","ok_values":["0"]`

var modes = map[string]connectors.Stream{
	"page":             listStream("list", `{`+common+`,"size":7}`),
	"page short":       listStream("list", `{`+common+`,"size":7,"end":"short"}`),
	"offset":           listStream("list", `{`+common+`,"mode":"offset","size":7}`),
	"cursor":           listStream("list", `{`+common+`,"mode":"cursor","next":"data.next","size":7}`),
	"follow":           listStream("list", `{`+common+`,"mode":"cursor","next":"data.next","size":7,"follow":true}`),
	"single":           listStream("list?size=1000", `{`+common+`,"mode":"single"}`),
	"since":            listStream("since", `{`+common+`,"mode":"since","since_item":"at","size":7}`),
	"since short":      listStream("since", `{`+common+`,"mode":"since","since_item":"at","size":7,"end":"short"}`),
	"since with pages": listStream("since", `{`+common+`,"mode":"since","since_item":"at","size":7,"page_param":"page"}`),
	"since with next":  listStream("since", `{`+common+`,"mode":"since","since_item":"at","size":7,"next":"data.next"}`),
	"post":             listStream("list", `{`+common+`,"method":"POST","size":7,"body":{"page":"{page}","size":"{size}","x":12345678901234567890}}`),
	"post cursor":      listStream("list", `{`+common+`,"method":"POST","mode":"cursor","next":"data.next","size":7,"body":{"cursor":"{cursor}","size":"{size}"}}`),
}

// distinct counts different rows.
func distinct(rows []string) int {
	seen := make(map[string]bool)
	for _, row := range rows {
		seen[row] = true
	}
	return len(seen)
}
