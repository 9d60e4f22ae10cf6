package api_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"datarun"
	"datarun/portal/api"
)

type discard struct{}

func (discard) Push(context.Context, api.Push) ([]api.Refusal, error) { return nil, nil }

// filled is a house with three homes and two people.
func filled(t testing.TB, change func(*api.Config)) *house {
	h := newHouse(t, change)
	want(t, h.push(t, h.housing, `[{"id":"420704199001011234","owner":"甲\n\"","area":1.50},{"id":"2","area":null},{"id":"3","owner":"乙","area":"7"}]`), 200)
	want(t, h.ask("POST", "/api/v1/resources/"+people+"/records", h.police, strings.NewReader(`[{"kind":"a|b","no":1,"name":"x"},{"kind":"a","no":2}]`)), 200)
	h.Events()
	return h
}

func TestLookup(t *testing.T) {
	h := filled(t, nil)
	rec := h.ask("POST", "/api/v1/resources/"+homes+"/lookup", h.police,
		strings.NewReader(`{"keys":["3",{"id":"9"},"420704199001011234"],"purpose":"不动产登记","case":"2026-1","operator":"王某"}`))
	want(t, rec, http.StatusOK)
	a := decode[api.ReadAnswer](t, rec)
	if a.Provider.Code != housing || a.Provider.Name != "房管局" || a.Grant != "g1" || a.Ledger != "ledger-1" || len(a.Rows) != 3 {
		t.Fatalf("%+v", a)
	}
	for i, wantRow := range []string{`3 true {"area":"7"}`, `9 false `, `420704199001011234 true {"area":1.50}`} {
		if got := fmt.Sprintf("%s %v %s", a.Rows[i].Key, a.Rows[i].Found, a.Rows[i].Data); got != wantRow {
			t.Errorf("row %d = %s, want %s", i, got, wantRow)
		}
	}
	if a.Rows[0].AsOf == "" || !strings.HasSuffix(a.Rows[0].AsOf, "+08:00") {
		t.Errorf("as of %q", a.Rows[0].AsOf)
	}
	if strings.Contains(rec.Body.String(), "乙") {
		t.Error("an item that the grant does not allow is in the answer")
	}
	if events := h.Events(); !slices.Equal(events, []string{"grants", "ledger", "read"}) {
		t.Errorf("events %v", events)
	}
	r := h.Readings()[0]
	if r.Agency != police || r.Grant != "g1" || r.Purpose != "不动产登记" || r.Case != "2026-1" || r.Operator != "王某" || r.Keys != 3 || r.Operation != "lookup" {
		t.Errorf("%+v", r)
	}
	if strings.Contains(fmt.Sprintf("%+v", r)+h.log.String(), "420704199001011234") {
		t.Error("a key is in the ledger or the log")
	}
}

func TestLookupOfOwnAndOfSeveralKeyItems(t *testing.T) {
	h := filled(t, nil)
	rec := h.ask("POST", "/api/v1/resources/"+people+"/lookup", h.housing, strings.NewReader(`{"keys":[{"no":1,"kind":"a|b"}],"purpose":"p","case":"c"}`))
	want(t, rec, http.StatusOK)
	if a := decode[api.ReadAnswer](t, rec); !a.Rows[0].Found || a.Rows[0].Key != `a\|b|1` || string(a.Rows[0].Data) != `{"kind":"a|b","no":1,"name":"x"}` {
		t.Errorf("%+v", a)
	}
	rec = h.ask("POST", "/api/v1/resources/"+homes+"/lookup", h.housing, strings.NewReader(`{"keys":["3"],"purpose":"p","case":"c"}`))
	want(t, rec, http.StatusOK)
	if a := decode[api.ReadAnswer](t, rec); a.Grant != "" || string(a.Rows[0].Data) != `{"id":"3","owner":"乙","area":"7"}` {
		t.Errorf("%+v", a)
	}
}

func TestWrongRequests(t *testing.T) {
	h := filled(t, nil)
	const id = "420704199001011234"
	many := strings.Repeat(`"1",`, 1000) + `"1"`
	tests := []struct {
		name, op, body string
		status         int
	}{
		{"no purpose", "lookup", `{"keys":["` + id + `"],"case":"c"}`, 422},
		{"blank purpose", "lookup", `{"keys":["` + id + `"],"case":"c","purpose":" "}`, 422},
		{"long purpose", "lookup", `{"keys":["1"],"case":"c","purpose":"` + strings.Repeat("用", 501) + `"}`, 422},
		{"purpose that is no text", "lookup", `{"keys":["1"],"case":"c","purpose":` + id + `}`, 422},
		{"control characters", "lookup", `{"keys":["1"],"case":"c\u0000","purpose":"p"}`, 422},
		{"no case", "lookup", `{"keys":["` + id + `"],"purpose":"p"}`, 422},
		{"no keys", "lookup", `{"purpose":"p","case":"c"}`, 422},
		{"empty keys", "lookup", `{"keys":[],"purpose":"p","case":"c"}`, 422},
		{"1001 keys", "lookup", `{"keys":[` + many + `],"purpose":"p","case":"c"}`, 422},
		{"key that is null", "lookup", `{"keys":[null],"purpose":"p","case":"c"}`, 422},
		{"key that is nested", "lookup", `{"keys":[{"id":{"a":"` + id + `"}}],"purpose":"p","case":"c"}`, 422},
		{"key with more", "lookup", `{"keys":[{"id":"1","` + id + `":"2"}],"purpose":"p","case":"c"}`, 422},
		{"key of another item", "lookup", `{"keys":[{"` + id + `":"2"}],"purpose":"p","case":"c"}`, 422},
		{"key without value", "lookup", `{"keys":[""],"purpose":"p","case":"c"}`, 422},
		{"injected key", "lookup", `{"keys":["1\",\"x\":\"2"],"purpose":"p","case":"c"}`, 200},
		{"unknown member", "lookup", `{"keys":["1"],"purpose":"p","case":"c","` + id + `":1}`, 422},
		{"member twice", "lookup", `{"keys":["1"],"keys":["2"],"purpose":"p","case":"c"}`, 422},
		{"not JSON", "lookup", id, 422},
		{"cut off", "lookup", `{"keys":["` + id, 422},
		{"large", "lookup", `{"keys":["` + strings.Repeat("x", 1<<20) + `"]}`, 413},
		{"list without purpose", "list", `{"case":"c"}`, 422},
		{"limit 0", "list", `{"purpose":"p","case":"c","limit":0}`, 422},
		{"limit 1001", "list", `{"purpose":"p","case":"c","limit":1001}`, 422},
		{"limit as text", "list", `{"purpose":"p","case":"c","limit":"1"}`, 422},
		{"made-up cursor", "list", `{"purpose":"p","case":"c","after":"` + id + `"}`, 422},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h.Events()
			rec := h.ask("POST", "/api/v1/resources/"+homes+"/"+tt.op, h.police, strings.NewReader(tt.body))
			want(t, rec, tt.status)
			if strings.Contains(rec.Body.String(), id) {
				t.Errorf("the answer repeats what was sent: %s", rec.Body)
			}
			if tt.status != 200 && slices.Contains(h.Events(), "ledger") {
				t.Error("a refused request is in the ledger")
			}
		})
	}
	rec := h.ask("POST", "/api/v1/resources/"+homes+"/lookup", h.police, strings.NewReader(`{}`), "Content-Type", "text/plain")
	want(t, rec, http.StatusUnsupportedMediaType)
}

func TestNothingIsReadWithoutLedger(t *testing.T) {
	h := filled(t, nil)
	h.Fail["ledger"] = datarun.Errorf(datarun.Unavailable, "ledger", "away")
	for _, op := range []string{"lookup", "list"} {
		body := map[string]string{"lookup": `{"keys":["1"],"purpose":"p","case":"c"}`, "list": `{"purpose":"p","case":"c"}`}[op]
		want(t, h.ask("POST", "/api/v1/resources/"+homes+"/"+op, h.police, strings.NewReader(body)), http.StatusServiceUnavailable)
		if slices.Contains(h.Events(), "read") {
			t.Errorf("%s: rows were read without a ledger entry", op)
		}
	}
}

func TestList(t *testing.T) {
	h := filled(t, nil)
	page := func(key, code, after string) api.ReadAnswer {
		rec := h.ask("POST", "/api/v1/resources/"+code+"/list", key, strings.NewReader(`{"purpose":"p","case":"c","limit":2,"after":"`+after+`"}`))
		want(t, rec, http.StatusOK)
		if strings.Contains(rec.Body.String(), "420704199001011234") && key == h.police {
			t.Errorf("a key that the grant does not allow is in the answer: %s", rec.Body)
		}
		return decode[api.ReadAnswer](t, rec)
	}
	first := page(h.police, homes, "")
	second := page(h.police, homes, first.Next)
	third := page(h.police, homes, second.Next)
	if len(first.Rows) != 2 || len(second.Rows) != 1 || len(third.Rows) != 0 || third.Next != "" {
		t.Errorf("%d, %d and %d rows", len(first.Rows), len(second.Rows), len(third.Rows))
	}
	if own := page(h.housing, homes, ""); len(own.Rows) != 2 || string(own.Rows[0].Data) != `{"id":"2","area":null}` {
		t.Errorf("%+v", own)
	}
	stolen := h.ask("POST", "/api/v1/resources/"+homes+"/list", h.housing, strings.NewReader(`{"purpose":"p","case":"c","after":"`+first.Next+`"}`))
	want(t, stolen, http.StatusUnprocessableEntity)
}

func TestTooManyReads(t *testing.T) {
	h := filled(t, func(c *api.Config) { c.Limits.Reads = 1 })
	inside, release := make(chan struct{}), make(chan struct{})
	h.Before = func(string) { close(inside); <-release }
	ask := func() int {
		return h.ask("POST", "/api/v1/resources/"+homes+"/lookup", h.police, strings.NewReader(`{"keys":["1"],"purpose":"p","case":"c"}`)).Code
	}
	done := make(chan int)
	go func() { done <- ask() }()
	<-inside
	if status := ask(); status != http.StatusTooManyRequests {
		t.Errorf("the second: %d", status)
	}
	close(release)
	if status := <-done; status != 200 {
		t.Errorf("the first: %d", status)
	}
}

func BenchmarkLookup(b *testing.B) {
	h := filled(b, nil)
	body := `{"keys":[` + strings.Repeat(`"3",`, 999) + `"3"],"purpose":"p","case":"c"}`
	for b.Loop() {
		if rec := h.ask("POST", "/api/v1/resources/"+homes+"/lookup", h.police, strings.NewReader(body)); rec.Code != 200 {
			b.Fatal(rec.Code)
		}
	}
	b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "keys/s")
}

// FuzzRequests demands that no body of a read is a failure of the hub, and that none is read without a ledger entry.
func FuzzRequests(f *testing.F) {
	f.Add(`{"keys":["3",{"id":"1"}],"purpose":"p","case":"c","operator":"o"}`, true)
	f.Add(`{"after":"","limit":2,"purpose":"p","case":"c"}`, false)
	h := filled(f, nil)
	f.Fuzz(func(t *testing.T, body string, lookup bool) {
		op := "list"
		if lookup {
			op = "lookup"
		}
		h.Events()
		rec := h.ask("POST", "/api/v1/resources/"+homes+"/"+op, h.police, strings.NewReader(body))
		if rec.Code >= 500 {
			t.Fatalf("%d %s", rec.Code, rec.Body)
		}
		if events := h.Events(); (rec.Code == 200) != slices.Equal(events, []string{"grants", "ledger", "read"}) {
			t.Fatalf("%d after %v", rec.Code, events)
		}
	})
}
