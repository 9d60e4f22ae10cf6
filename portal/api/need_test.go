package api_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"datarun"
	"datarun/portal/api"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// open are the paths that anybody may ask for.
var open = map[string]bool{"/healthz": true, "/readyz": true}

// TestEveryOperationNeedsCredentials walks the document, so that an operation added later is in here by itself.
func TestEveryOperationNeedsCredentials(t *testing.T) {
	h := newHouse(t, nil)
	var doc struct {
		Paths map[string]map[string]struct {
			Security []map[string][]string `json:"security"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(h.ask("GET", "/openapi.json", "", nil).Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	closed := 0
	for path, item := range doc.Paths {
		for method, op := range item {
			method = strings.ToUpper(method)
			url := strings.ReplaceAll(path, "{code}", homes)
			if open[path] {
				want(t, h.ask(method, url, "", nil), http.StatusOK)
				continue
			}
			closed++
			if len(op.Security) == 0 {
				t.Errorf("%s %s: the document promises it to anybody", method, path)
			}
			for name, key := range map[string]string{"no key": "", "a wrong key": "dr_aaaaaaaa_" + strings.Repeat("A", 43)} {
				rec := h.ask(method, url, key, strings.NewReader("{}"))
				if rec.Code != http.StatusUnauthorized || rec.Header().Get("WWW-Authenticate") == "" {
					t.Errorf("%s %s with %s: %d", method, path, name, rec.Code)
				}
			}
		}
	}
	if closed < 6 {
		t.Errorf("only %d operations are closed", closed)
	}
	for _, path := range []string{"/openapi.json", "/openapi.yaml", "/docs"} {
		want(t, h.ask("GET", path, "", nil), http.StatusOK)
	}
}

func TestUnauthorizedIsUniform(t *testing.T) {
	h := newHouse(t, nil)
	first := h.ask("GET", "/api/v1/resources", "", nil)
	for _, key := range []string{"x", h.police + "x", h.police[:12] + h.housing[12:]} {
		if rec := h.ask("GET", "/api/v1/resources", key, nil); rec.Code != 401 || rec.Body.String() != first.Body.String() {
			t.Errorf("%d %s", rec.Code, rec.Body)
		}
	}
}

// TestWithoutGrantNothingExists holds whole answers against each other: for no grant, an expired one, no resource, and a
// code that cannot be.
func TestWithoutGrantNothingExists(t *testing.T) {
	h := newHouse(t, nil)
	body := `{"keys":["1"],"purpose":"p","case":"c"}`
	for _, op := range []string{"lookup", "list", "records", "records/delete"} {
		answer := func(code, body string) string {
			h.Events()
			rec := h.ask("POST", "/api/v1/resources/"+code+"/"+op, h.outside, strings.NewReader(body), "X-Request-Id", "same-for-all")
			want(t, rec, http.StatusNotFound)
			return fmt.Sprint(rec.Code, rec.Header(), rec.Body, h.Events())
		}
		missing := answer("306001.999999", body)
		for _, code := range []string{homes, people, "nonsense", "306001%2F000001", strings.Repeat("9", 3000)} {
			if got := answer(code, body); got != missing {
				t.Errorf("%s of %.20s:\n%s\nof what does not exist:\n%s", op, code, got, missing)
			}
		}
		if got := answer(homes, "not json"); got != missing {
			t.Errorf("%s: a wrong body is judged before the grant: %s", op, got)
		}
	}
	want(t, h.ask("POST", "/api/v1/resources/"+homes+"/records", h.police, strings.NewReader("[]")), http.StatusNotFound) // may read, not push
	if len(h.Readings()) != 0 {
		t.Error("the ledger has a reading that was not allowed")
	}
}

func TestUnknownRoutes(t *testing.T) {
	h := newHouse(t, nil)
	want(t, h.ask("GET", "/api/v1/nothing", "", nil), http.StatusNotFound)
	want(t, h.ask("DELETE", "/api/v1/resources", h.police, nil), http.StatusMethodNotAllowed)
}

func TestFailuresTellNothing(t *testing.T) {
	for kind, status := range map[datarun.Kind]int{datarun.Internal: 500, datarun.Corrupt: 500, datarun.Unavailable: 503, datarun.Denied: 404} {
		h := newHouse(t, nil)
		h.Fail["directory"] = datarun.Errorf(kind, "place", "SECRET")
		rec := h.ask("GET", "/api/v1/resources/"+homes, h.police, nil)
		want(t, rec, status)
		if strings.Contains(rec.Body.String(), "SECRET") {
			t.Errorf("%v: %s", kind, rec.Body)
		}
		if status >= 500 && (!strings.Contains(rec.Body.String(), rec.Header().Get("X-Request-Id")) || !strings.Contains(h.log.String(), "SECRET")) {
			t.Errorf("%v: answer %s, log %s", kind, rec.Body, h.log.String())
		}
	}
}

func TestPanicIs500(t *testing.T) {
	h := newHouse(t, nil)
	h.Before = func(string) { panic("SECRET") }
	rec := h.ask("POST", "/api/v1/resources/"+homes+"/lookup", h.police, strings.NewReader(`{"keys":["1"],"purpose":"p","case":"c"}`))
	want(t, rec, http.StatusInternalServerError)
	if strings.Contains(rec.Body.String()+h.log.String(), "SECRET") {
		t.Errorf("%s\n%s", rec.Body, h.log.String())
	}
}

func TestReady(t *testing.T) {
	h := newHouse(t, nil)
	h.Down = []api.Cause{{Part: "kafka", Detail: "no broker answers"}}
	rec := h.ask("GET", "/readyz", "", nil)
	want(t, rec, http.StatusServiceUnavailable)
	if v := decode[api.ReadyView](t, rec); v.Ready || len(v.Causes) != 1 || v.Causes[0].Part != "kafka" {
		t.Errorf("%+v", v)
	}
}

// TestDocument keeps the document in the repository, so that a change of the API is seen in review.
func TestDocument(t *testing.T) {
	h := newHouse(t, nil)
	got := append(h.ask("GET", "/openapi.json", "", nil).Body.Bytes(), '\n')
	path := filepath.Join("..", "..", "docs", "openapi.json")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(golden) != string(got) {
		t.Error("docs/openapi.json is not the document that the code makes: run go generate ./portal/api and look at the difference")
	}
}

func TestDocsPageIsSelfContained(t *testing.T) {
	h := newHouse(t, nil)
	rec := h.ask("GET", "/docs", "", nil)
	page := rec.Body.String()
	for _, bad := range []string{"<script", "http://", "https://", "<link", "@import", "url("} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	for _, id := range []string{"list-resources", "push-records", "delete-records", "lookup", "list-records", "ReadAnswer"} {
		if !strings.Contains(page, `id="`+id+`"`) {
			t.Errorf("the page lacks %s", id)
		}
	}
	if !strings.Contains(rec.Header().Get("Content-Security-Policy"), "style-src 'sha256-") {
		t.Error("the style has no hash in the content policy")
	}
}
