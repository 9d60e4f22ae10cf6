package api_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"

	"datarun"
	"datarun/portal/api"
)

func TestPush(t *testing.T) {
	tests := []struct {
		name, contentType, body string
		accepted                int
		faults                  string // index:rule:item …
		status                  int
	}{
		{"array", "application/json", `[{"id":"1","owner":"甲"},{"id":"2"}]`, 2, "", 200},
		{"nothing", "application/json", `[]`, 0, "", 200},
		{"array with faults", "application/json; charset=utf-8", `[{"id":"1"},{"owner":"x"},7,{"id":"2","x":1},{"id":"3",]}]`, 1, "", 422},
		{"array with bad objects", "application/json", `[{"id":"1"},{"owner":"x"},7,{"id":"2","x":1},{"id":"3",}]`, 1, "1:required:id 2:syntax: 3:unknown: 4:syntax:", 200},
		{"lines with one bad", "application/x-ndjson", "{\"id\":\"1\"}\n{broken\n{\"id\":\"3\"}\n", 2, "1:syntax:", 200},
		{"csv", "text/csv", "id,owner,area\n1,\"甲, 乙\",12.5\n,x,1\n2,y\n", 1, "1:required:id 2:syntax:", 200},
		{"csv in gbk", "text/csv; charset=GBK", "id,owner\n1,\xbc\xd7\n", 1, "", 200},
		{"csv with a broken quote", "text/csv", "id,owner\n1,x\n2,\"y\n3,z\n", 0, "", 422},
		{"csv with a missing column", "text/csv", "owner\nx\n", 0, "", 422},
		{"csv in a foreign charset", "text/csv; charset=utf-16", "id\n1\n", 0, "", 422},
		{"not JSON", "application/json", "<html>", 0, "", 422},
		{"cut off", "application/json", `[{"id":"1"},`, 0, "", 422},
		{"no type", "", `[]`, 0, "", 415},
		{"json in gbk", "application/json; charset=gbk", `[]`, 0, "", 415},
		{"form", "application/x-www-form-urlencoded", `a=b`, 0, "", 415},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, nil)
			rec := h.push(t, h.housing, tt.body, "Content-Type", tt.contentType)
			want(t, rec, tt.status)
			if tt.status != 200 {
				if len(h.Pushes()) != 0 {
					t.Error("something of a refused body was published")
				}
				return
			}
			answer := decode[api.PushAnswer](t, rec)
			var faults []string
			for _, f := range answer.Faults {
				faults = append(faults, fmt.Sprintf("%d:%s:%s", f.Index, f.Rule, f.Item))
			}
			if answer.Accepted != tt.accepted || answer.Refused != len(faults) || strings.Join(faults, " ") != tt.faults {
				t.Errorf("%+v", answer)
			}
		})
	}
}

func TestPushWhole(t *testing.T) {
	h := newHouse(t, nil)
	url := "/api/v1/resources/" + homes + "/records?mode=whole"
	rec := h.ask("POST", url, h.housing, strings.NewReader(`[{"id":"1"},{"owner":"x"}]`))
	want(t, rec, http.StatusUnprocessableEntity)
	if p := decode[api.Problem](t, rec); len(p.Faults) != 1 || p.Faults[0].Index != 1 {
		t.Errorf("%+v", p)
	}
	want(t, h.ask("POST", url, h.housing, strings.NewReader(`[{"id":"1"}]`)), http.StatusOK)
	want(t, h.ask("POST", url+"x", h.housing, strings.NewReader(`[]`)), http.StatusUnprocessableEntity)
	if p := h.Pushes(); len(p) != 2 || !p[0].Whole || p[0].Agency != housing || p[0].RequestID == "" {
		t.Errorf("%+v", p)
	}
}

func TestDelete(t *testing.T) {
	h := newHouse(t, nil)
	want(t, h.push(t, h.housing, `[{"id":"1"},{"id":"2"}]`), http.StatusOK)
	rec := h.ask("POST", "/api/v1/resources/"+homes+"/records/delete", h.housing, strings.NewReader(`[{"id":"1"},{"id":"9"},{}]`))
	want(t, rec, http.StatusOK)
	if a := decode[api.PushAnswer](t, rec); a.Accepted != 2 || a.Refused != 1 {
		t.Errorf("%+v", a)
	}
	rec = h.ask("POST", "/api/v1/resources/"+homes+"/lookup", h.housing, strings.NewReader(`{"keys":["1","2"],"purpose":"p","case":"c"}`))
	if a := decode[api.ReadAnswer](t, rec); a.Rows[0].Found || !a.Rows[1].Found {
		t.Errorf("%+v", a)
	}
}

// zeros is a body without end that counts what was read of it.
type zeros struct{ read, limit int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.read >= z.limit {
		return 0, io.EOF
	}
	clear(p)
	z.read += int64(len(p))
	return len(p), nil
}

func TestHugeBodies(t *testing.T) {
	var bomb bytes.Buffer
	w := gzip.NewWriter(&bomb)
	w.Write([]byte("["))
	for range 300 {
		w.Write([]byte(`{"id":"` + strings.Repeat("0", 1<<20-100) + `"},`))
	}
	w.Close()
	element := strings.Repeat(" ", 1<<10)
	tests := []struct {
		name string
		body func() (io.Reader, *zeros)
		head []string
	}{
		{"2 GB of zeros as lines", func() (io.Reader, *zeros) { z := &zeros{limit: 2 << 30}; return z, z }, []string{"Content-Type", "application/x-ndjson"}},
		{"2 GB of zeros as csv", func() (io.Reader, *zeros) {
			z := &zeros{limit: 2 << 30}
			return io.MultiReader(strings.NewReader("id\n"), z), z
		}, []string{"Content-Type", "text/csv"}},
		{"2 GB of zeros in one element", func() (io.Reader, *zeros) {
			z := &zeros{limit: 2 << 30}
			return io.MultiReader(strings.NewReader("["), z), z
		}, nil},
		{"gzip bomb", func() (io.Reader, *zeros) { return bytes.NewReader(bomb.Bytes()), &zeros{} }, []string{"Content-Encoding", "gzip"}},
		{"spaces", func() (io.Reader, *zeros) { return strings.NewReader("[" + strings.Repeat(element, 33<<10)), &zeros{} }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, nil)
			body, z := tt.body()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			r := struct{ io.Reader }{body} // hides the length
			rec := h.ask("POST", "/api/v1/resources/"+homes+"/records", h.housing, r, tt.head...)
			runtime.ReadMemStats(&after)
			want(t, rec, http.StatusRequestEntityTooLarge)
			if z.read > 33<<20 {
				t.Errorf("%d MB were read", z.read>>20)
			}
			if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 250 {
				t.Errorf("%d MB were allocated", took)
			}
		})
	}
	t.Run("announced", func(t *testing.T) {
		h := newHouse(t, nil)
		z := &zeros{limit: 2 << 30}
		r := httptest.NewRequest("POST", "/api/v1/resources/"+homes+"/records", z)
		r.ContentLength = z.limit
		r.Header.Set("X-API-Key", h.housing)
		r.Header.Set("Content-Type", "application/json")
		rec := httptest.NewRecorder()
		h.handler.ServeHTTP(rec, r)
		want(t, rec, http.StatusRequestEntityTooLarge)
		if z.read > 0 {
			t.Errorf("%d bytes were read", z.read)
		}
	})
	t.Run("too many", func(t *testing.T) {
		h := newHouse(t, nil)
		want(t, h.push(t, h.housing, strings.Repeat("{}\n", 50_001), "Content-Type", "application/x-ndjson"), http.StatusRequestEntityTooLarge)
	})
}

func TestBrokenEncodings(t *testing.T) {
	h := newHouse(t, nil)
	want(t, h.push(t, h.housing, `[]`, "Content-Encoding", "br"), http.StatusUnsupportedMediaType)
	want(t, h.push(t, h.housing, `[]`, "Content-Encoding", "gzip"), http.StatusUnprocessableEntity)
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write([]byte(`[{"id":"1"}]`))
	w.Close()
	want(t, h.push(t, h.housing, z.String(), "Content-Encoding", "gzip"), http.StatusOK)
	want(t, h.push(t, h.housing, z.String()[:z.Len()-6], "Content-Encoding", "gzip"), http.StatusUnprocessableEntity)
	broken := struct{ io.Reader }{io.MultiReader(strings.NewReader(`[{"id":"1"}`), failing{})}
	want(t, h.ask("POST", "/api/v1/resources/"+homes+"/records", h.housing, broken), http.StatusBadRequest)
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

// TestBusy fills the room for bodies with one request that is being published, and asks for more.
func TestBusy(t *testing.T) {
	h := newHouse(t, func(c *api.Config) { c.Limits.InFlight = 700 << 10 })
	inside, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	h.Before = func(string) {
		once.Do(func() { close(inside); <-release })
	}
	done := make(chan int)
	go func() { done <- h.push(t, h.housing, `[{"id":"1"}]`).Code }()
	<-inside
	rec := h.push(t, h.housing, "["+strings.Repeat(`{"id":"1"},`, 60_000)+`{}]`)
	want(t, rec, http.StatusTooManyRequests)
	if rec.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	close(release)
	if status := <-done; status != 200 {
		t.Errorf("the first: %d", status)
	}
	want(t, h.push(t, h.housing, `[{"id":"1"}]`), http.StatusOK) // all was given back
}

func TestIdempotency(t *testing.T) {
	h := newHouse(t, nil)
	first := h.push(t, h.housing, `[{"id":"1"},{}]`, "Idempotency-Key", "k-1")
	want(t, first, http.StatusOK)
	again := h.push(t, h.housing, `[{"id":"1"},{}]`, "Idempotency-Key", "k-1")
	want(t, again, http.StatusOK)
	if first.Body.String() != again.Body.String() || again.Header().Get("Idempotency-Replayed") != "true" || len(h.Pushes()) != 1 {
		t.Errorf("again: %s %v, %d pushes", again.Body, again.Header(), len(h.Pushes()))
	}
	other := h.push(t, h.housing, `[{"id":"2"}]`, "Idempotency-Key", "k-1")
	want(t, other, http.StatusUnprocessableEntity)
	if !strings.Contains(other.Body.String(), "idempotency-reused") || len(h.Pushes()) != 1 {
		t.Errorf("%s", other.Body)
	}
	want(t, h.push(t, h.housing, `[{"id":"2"}]`, "Idempotency-Key", "k-2"), http.StatusOK)
	want(t, h.push(t, h.housing, `[]`, "Idempotency-Key", "with space"), http.StatusUnprocessableEntity)
	want(t, h.ask("POST", "/api/v1/resources/"+homes+"/records/delete", h.housing, strings.NewReader(`[{"id":"1"}]`), "Idempotency-Key", "k-1"), http.StatusOK)
	if n := len(h.Pushes()); n != 3 {
		t.Errorf("%d pushes", n)
	}
}

func TestIdempotencyFailures(t *testing.T) {
	h := newHouse(t, nil)
	h.Fail["push"] = datarun.Errorf(datarun.Unavailable, "kafka", "away")
	want(t, h.push(t, h.housing, `[{"id":"1"}]`, "Idempotency-Key", "k"), http.StatusServiceUnavailable)
	delete(h.Fail, "push")
	h.Answers.Fail = datarun.Errorf(datarun.Unavailable, "kafka", "away")
	want(t, h.push(t, h.housing, `[{"id":"1"}]`, "Idempotency-Key", "k"), http.StatusServiceUnavailable)
	h.Answers.Fail = nil
	want(t, h.push(t, h.housing, `[{"id":"1"}]`, "Idempotency-Key", "k"), http.StatusOK)
}

func TestIdempotencyUnderWay(t *testing.T) {
	h := newHouse(t, nil)
	inside, release := make(chan struct{}), make(chan struct{})
	h.Before = func(string) { close(inside); <-release }
	done := make(chan int)
	go func() { done <- h.push(t, h.housing, `[{"id":"1"}]`, "Idempotency-Key", "k").Code }()
	<-inside
	want(t, h.push(t, h.housing, `[{"id":"1"}]`, "Idempotency-Key", "k"), http.StatusConflict)
	close(release)
	if status := <-done; status != 200 {
		t.Errorf("the first: %d", status)
	}
}

func BenchmarkPush(b *testing.B) {
	h := newHouse(b, func(c *api.Config) { c.Publisher = discard{} })
	const rows = 50_000
	body := "[" + strings.Repeat(`{"id":"420704199001011234","owner":"鄂城区凤凰街道","area":"128.55"},`, rows-1) + `{"id":"1"}]`
	for b.Loop() {
		if rec := h.push(b, h.housing, body, "Idempotency-Key", "k"); rec.Code != 200 {
			b.Fatal(rec.Code, rec.Body)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
