package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// client calls the hub; a hub that hangs fails the test and not its time limit.
var client = &http.Client{Timeout: 30 * time.Second}

// get returns status 0 when nobody answers.
func get(url string) (int, string) {
	res, err := client.Get(url)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	b, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(b)
}

// dotted spells the code at the head of a path as URLs do.
func dotted(path string) string { return strings.Replace(path, "/", ".", 1) }

// post calls the API as an agency. path begins with the resource's code; header is names and values.
func (h *hub) post(agency, path, contentType, body string, header ...string) (int, string) {
	h.t.Helper()
	req, err := http.NewRequest(http.MethodPost, h.url("/api/v1/resources/"+dotted(path)), strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Authorization", "Bearer "+h.key(agency))
	req.Header.Set("X-Request-Id", "e2e-request")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := client.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// answer is what the tests look at of a lookup or a list.
type answer struct {
	Ledger string `json:"ledger"`
	Next   string `json:"next"`
	Rows   []struct {
		Found bool            `json:"found"`
		Data  json.RawMessage `json:"data"`
		AsOf  time.Time       `json:"as_of"`
	} `json:"rows"`
}

type request struct {
	Keys    []string `json:"keys,omitempty"`
	After   string   `json:"after,omitempty"`
	Limit   int      `json:"limit,omitempty"`
	Purpose string   `json:"purpose"`
	Case    string   `json:"case"`
}

// ask is a lookup or a list.
func (h *hub) ask(agency, path string, r request) (int, string) {
	h.t.Helper()
	r.Purpose = "端到端测试"
	if r.Case == "" {
		r.Case = "E2E-1"
	}
	body, err := json.Marshal(r)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.post(agency, path, "application/json", string(body))
}

// tryLookup is lookup for when the hub may say that it cannot answer now.
func (h *hub) tryLookup(agency, code, key string) (map[string]any, bool) {
	h.t.Helper()
	if status, _ := h.ask(agency, code+"/lookup", request{Keys: []string{key}}); status == http.StatusServiceUnavailable {
		return nil, false
	}
	return h.lookup(agency, code, key)
}

// lookup returns the record of a key and whether it is there.
func (h *hub) lookup(agency, code, key string) (map[string]any, bool) {
	h.t.Helper()
	status, body := h.ask(agency, code+"/lookup", request{Keys: []string{key}})
	a := parse(h.t, status, body)
	if len(a.Rows) != 1 {
		h.t.Fatalf("lookup of one key: %d rows", len(a.Rows))
	}
	return object(h.t, a.Rows[0].Data), a.Rows[0].Found
}

// list returns all records by cursor.
func (h *hub) list(agency, code string) []map[string]any {
	h.t.Helper()
	var all []map[string]any
	for after := ""; ; {
		status, body := h.ask(agency, code+"/list", request{After: after, Limit: 1000})
		a := parse(h.t, status, body)
		for _, r := range a.Rows {
			all = append(all, object(h.t, r.Data))
		}
		if after = a.Next; after == "" {
			return all
		}
	}
}

func parse(t *testing.T, status int, body string) answer {
	t.Helper()
	var a answer
	if err := json.Unmarshal([]byte(body), &a); status != http.StatusOK || err != nil {
		t.Fatalf("status %d: %.500s", status, body)
	}
	return a
}

func object(t *testing.T, data json.RawMessage) map[string]any {
	t.Helper()
	if data == nil {
		return nil
	}
	var m map[string]any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&m); err != nil {
		t.Fatal(err)
	}
	return m
}

// metrics are the samples of one scrape by name and labels, as they stand in the text.
type metrics map[string]float64

// scrape reads /metrics; nil when nobody answers.
func (h *hub) scrape() metrics {
	status, body := get(h.url("/metrics"))
	if status != http.StatusOK {
		return nil
	}
	m := metrics{}
	for line := range strings.Lines(body) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "} ")
		if !ok {
			name, value, ok = strings.Cut(strings.TrimSpace(line), " ")
		}
		if v, err := strconv.ParseFloat(value, 64); ok && err == nil && !strings.HasPrefix(line, "#") {
			m[name] = v
		}
	}
	return m
}

// sum adds the samples of a name that have all of the labels, such as resource="306001/000001".
func (m metrics) sum(name string, labels ...string) (total float64) {
next:
	for sample, v := range m {
		has, rest, _ := strings.Cut(sample, "{")
		if has != "datarun_"+name {
			continue
		}
		for _, l := range labels {
			if !strings.Contains(rest, l) {
				continue next
			}
		}
		total += v
	}
	return total
}

// has reports whether there is a sample of that name.
func (m metrics) has(name string) bool {
	for sample := range m {
		if has, _, _ := strings.Cut(sample, "{"); has == "datarun_"+name {
			return true
		}
	}
	return false
}

// loaded waits until so many records of each resource were read since the hub's start, and all is landed.
func (h *hub) loaded(want map[string]int) {
	h.t.Helper()
	began := time.Now()
	for code, n := range want {
		label := fmt.Sprintf("resource=%q", code)
		if await(time.Minute, func() bool { return h.scrape().sum("records_read_total", label) >= float64(n) }) != nil {
			h.t.Fatalf("%s: %v of %d records read", code, h.scrape().sum("records_read_total", label), n)
		}
	}
	h.settle()
	h.t.Logf("%v records loaded within %s", want, time.Since(began).Round(time.Millisecond))
}

// settle waits until the hub has been quiet for a while: nothing published, and nothing that is not landed.
func (h *hub) settle() {
	h.t.Helper()
	const quiet = 1500 * time.Millisecond
	var last float64
	since := time.Now()
	var m metrics
	err := await(90*time.Second, func() bool {
		m = h.scrape() // without a lag while Kafka cannot tell it
		if now := m.sum("records_read_total") + m.sum("rows_landed_total"); now != last || m.sum("lag_messages") != 0 || !m.has("lag_messages") {
			last, since = now, time.Now()
		}
		time.Sleep(80 * time.Millisecond)
		return time.Since(since) > quiet
	})
	if err != nil {
		h.t.Fatalf("the hub does not come to rest: lag %v, %v records read, %v rows landed", m.sum("lag_messages"), m.sum("records_read_total"), m.sum("rows_landed_total"))
	}
}

// stringOf is the text of a JSON value; empty for null.
func stringOf(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}
