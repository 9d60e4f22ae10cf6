package restapi

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"datarun"
	"datarun/connectors"
)

func answering(t *testing.T, answer func(page string, w http.ResponseWriter)) *service {
	s := newService(t, 0)
	s.handler = func(w http.ResponseWriter, r *http.Request) bool {
		answer(r.URL.Query().Get("page"), w)
		return true
	}
	return s
}

var plainStream = connectors.Stream{Name: "s", Object: "x", Options: []byte(`{"records":"list"}`)}

func wantError(t *testing.T, err error, kind datarun.Kind, parts ...string) {
	t.Helper()
	if err == nil || datarun.KindOf(err) != kind {
		t.Fatalf("%v of kind %v, want %v", err, datarun.KindOf(err), kind)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%v does not say %q", err, part)
		}
	}
	if strings.Contains(err.Error(), "420704188001010016") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v holds what the answer or a header held", err)
	}
}

func TestBadInputPageIsNotJSON(t *testing.T) {
	for content, kind := range map[string]string{
		"<!DOCTYPE html><p>420704188001010016": "an HTML page",
		" <HTML>":                              "an HTML page",
		"<?xml version='1.0'?>":                "XML or HTML",
		"":                                     "an empty answer",
		"  \n":                                 "an empty answer",
		"[1]":                                  "a JSON array where an object",
		"[1":                                   "a JSON array that is broken",
		`{"list":[{"id":"420704188001010016"`:  "a JSON object that is broken",
		`{"list":[]} 420704188001010016`:       "a JSON object that is broken",
		"420704188001010016":                   "a JSON number",
		`"420704188001010016"`:                 "a JSON string",
		"null":                                 "a JSON null",
		"Error 420704188001010016":             "plain text",
		"\x1f\x8b\x00":                         "binary data",
		`{"rows":[]}`:                          `no member "list"`,
		`{"list":{}}`:                          `"list" of the answer is no array`,
	} {
		s := answering(t, func(page string, w http.ResponseWriter) {
			if page == "1" {
				w.Write([]byte(`{"list":[{"id":1}]}`))
				return
			}
			w.Write([]byte(content))
		})
		g, err := tryRead(s.source(t, ""), plainStream, nil)
		wantError(t, err, datarun.Unavailable, "page 2", kind)
		if len(g.rows) != 1 {
			t.Errorf("%q: %d rows before it", content, len(g.rows))
		}
	}
}

func TestBadInputPageRepeats(t *testing.T) {
	s := answering(t, func(_ string, w http.ResponseWriter) { w.Write([]byte(`{"list":[{"id":1}],"now":1}`)) })
	g, err := tryRead(s.source(t, ""), plainStream, nil)
	wantError(t, err, datarun.Invalid, "page 2", "repeats the page before")
	if len(g.rows) != 1 {
		t.Errorf("%d rows", len(g.rows))
	}
	n := 0
	s = answering(t, func(_ string, w http.ResponseWriter) { n++; fmt.Fprintf(w, `{"list":[{"id":%d}],"next":"same"}`, n) })
	stream := plainStream
	stream.Options = []byte(`{"mode":"cursor","records":"list","next":"next"}`)
	_, err = tryRead(s.source(t, ""), stream, nil)
	wantError(t, err, datarun.Invalid, "page 2", "ignores the token")
}

func TestBadInputListingNeverEnds(t *testing.T) {
	n := 0
	s := answering(t, func(_ string, w http.ResponseWriter) { n++; fmt.Fprintf(w, `{"list":[{"id":%d}]}`, n) })
	stream := plainStream
	stream.Options = []byte(`{"records":"list","max_pages":20}`)
	g, err := tryRead(s.source(t, ""), stream, nil)
	wantError(t, err, datarun.Invalid, "page 21", "does not end: max_pages is 20")
	if len(g.rows) != 20 {
		t.Errorf("%d rows", len(g.rows))
	}
	_, err = tryRead(s.source(t, ""), stream, g.position)
	wantError(t, err, datarun.Invalid, "max_pages")
}

func TestBadInputLargeAnswerAndGzipBomb(t *testing.T) {
	s := answering(t, func(_ string, w http.ResponseWriter) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		for range 64 {
			z.Write(make([]byte, 1<<20))
		}
		z.Close()
	})
	_, err := tryRead(s.source(t, `,"max_answer":"1MiB"`), plainStream, nil)
	wantError(t, err, datarun.Invalid, "page 1", "larger than max_answer, 1048576")
	s = answering(t, func(_ string, w http.ResponseWriter) { w.Write(make([]byte, 2<<20)) })
	_, err = tryRead(s.source(t, `,"max_answer":"1MiB"`), plainStream, nil)
	wantError(t, err, datarun.Invalid, "larger than max_answer")
	s = answering(t, func(_ string, w http.ResponseWriter) {
		w.Header().Set("Content-Length", "100")
		w.Write([]byte(`{"list":[`))
	})
	_, err = tryRead(s.source(t, ""), plainStream, nil)
	wantError(t, err, datarun.Unavailable, "broke off after 9 bytes")
}

func TestBadRecords(t *testing.T) {
	s := answering(t, func(page string, w http.ResponseWriter) {
		if page == "1" {
			fmt.Fprintf(w, `{"list":[{"id":1}, [2] ,"x",{"id":"%s"}, null, {"id":"\"]}"} ]}`, strings.Repeat("y", datarun.MaxRecord))
			return
		}
		w.Write([]byte(`{"list":[]}`))
	})
	g := read(t, s.source(t, ""), plainStream, nil)
	if len(g.rows) != 2 || g.rows[1] != `{"id":"\"]}"}` || len(g.faults) != 4 {
		t.Fatalf("%d rows, %+v", len(g.rows), g.faults)
	}
	if f := g.faults[0]; f.Where != "page 1 row 2" || f.Rule != datarun.RuleSyntax || f.Detail != "not a JSON object but a JSON array" {
		t.Errorf("%+v", f)
	}
	if f := g.faults[2]; f.Where != "page 1 row 4" || f.Rule != datarun.RuleSize {
		t.Errorf("%+v", f)
	}
}

func TestFailureMarkedInTheAnswer(t *testing.T) {
	s := answering(t, func(_ string, w http.ResponseWriter) { w.Write([]byte(`{"code":"500","list":[]}`)) })
	stream := plainStream
	stream.Options = []byte(`{"records":"list","ok_path":"code","ok_values":["0"]}`)
	_, err := tryRead(s.source(t, ""), stream, nil)
	wantError(t, err, datarun.Unavailable, `"code"`)
}

func TestStatusAndRetry(t *testing.T) {
	for status, kind := range map[int]datarun.Kind{
		401: datarun.Denied, 403: datarun.Denied, 404: datarun.NotFound, 400: datarun.Invalid, 422: datarun.Invalid, 500: datarun.Unavailable, 501: datarun.Unavailable,
	} {
		s := answering(t, func(_ string, w http.ResponseWriter) { w.WriteHeader(status) })
		_, err := tryRead(s.source(t, `,"headers":{"Authorization":"hunter2"}`), plainStream, nil)
		wantError(t, err, kind, fmt.Sprint(status))
	}
	tries := 0
	s := answering(t, func(page string, w http.ResponseWriter) {
		switch tries++; {
		case tries == 1:
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
		case tries == 2:
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusServiceUnavailable)
		case page == "1":
			w.Write([]byte(`{"list":[{"id":1}]}`))
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	})
	if g := read(t, s.source(t, `,"retries":3`), plainStream, nil); len(g.rows) != 1 || tries != 4 {
		t.Errorf("%d rows after %d tries", len(g.rows), tries)
	}
}

// TestLongPause has a service that wants an hour of rest: the read gives up in time, and does not ask again meanwhile.
func TestLongPause(t *testing.T) {
	s := answering(t, func(_ string, w http.ResponseWriter) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	source := s.source(t, `,"retries":3,"retry_for":"50ms"`)
	for range 3 {
		_, err := tryRead(source, plainStream, nil)
		wantError(t, err, datarun.Unavailable, "page 1")
	}
	if len(s.asked) != 1 {
		t.Errorf("asked %d times", len(s.asked))
	}
}

func TestRedirects(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request went to another host") }))
	defer elsewhere.Close()
	s := newService(t, 3)
	s.handler = func(w http.ResponseWriter, r *http.Request) bool {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, elsewhere.URL, http.StatusFound)
		case "/near":
			http.Redirect(w, r, "/list?"+r.URL.RawQuery, http.StatusFound)
		default:
			return false
		}
		return true
	}
	_, err := tryRead(s.source(t, `,"headers":{"X-Key":"hunter2"}`), listStream("away", `{`+common+`}`), nil)
	wantError(t, err, datarun.Invalid, "redirects to another host")
	if g := read(t, s.source(t, ""), listStream("near", `{`+common+`}`), nil); len(g.rows) != 3 {
		t.Errorf("%d rows", len(g.rows))
	}
}

func TestTLS(t *testing.T) {
	plain := newService(t, 3)
	secure := httptest.NewUnstartedServer(http.HandlerFunc(plain.serve))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // the refused handshake
	secure.StartTLS()
	defer secure.Close()
	stream := listStream("list", `{`+common+`}`)
	source := func(ca string) connectors.Source {
		raw, _ := json.Marshal(map[string]any{"url": secure.URL, "ca": ca, "retries": 0})
		s, err := New(raw)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	_, err := tryRead(source(""), stream, nil)
	wantError(t, err, datarun.Unavailable, "certificate")
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	if g := read(t, source(string(ca)), stream, nil); len(g.rows) != 3 {
		t.Errorf("%d rows", len(g.rows))
	}
	_, err = tryRead(source("/no/such/file"), stream, nil)
	wantError(t, err, datarun.Invalid, `"ca"`)
}

func TestCancel(t *testing.T) {
	hang := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(hang)
	raw, _ := json.Marshal(map[string]any{"url": server.URL})
	s, err := New(raw)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := s.Read(ctx, plainStream, nil, nil); err != context.DeadlineExceeded {
		t.Errorf("%v", err)
	}
}

func TestSettings(t *testing.T) {
	for in, want := range map[string]string{
		`{}`:                                             `"url"`,
		`{"url":"ftp://x"}`:                              `"url"`,
		`{"url":"http://u:hunter2@x"}`:                   `Authorization`,
		`{"url":"http://x?a=b"}`:                         `"url"`,
		`{"ulr":"http://x"}`:                             `did you mean "url"`,
		`{"url":"http://x","header":{}}`:                 `did you mean "headers"`,
		`{"url":"http://x","headers":{"Host":"y"}}`:      `Host`,
		`{"url":"http://x","headers":{"a":"hunter2\n"}}`: `"headers"`,
		`{"url":"http://x","headers":{"a":["hunter2"]}}`: `"headers"`,
		`{"url":"http://x","retries":-1}`:                `"retries"`,
		`{"url":"http://x","timeout":"0s"}`:              `timeout`,
		`{"url":"http://x","rate":-1}`:                   `"rate"`,
		`{"url":"http://x","max_answer":"1GiB"}`:         `"max_answer"`,
		`{"url":"http://x","samples":["http://y/"]}`:     `"samples"`,
		`{"url":"http://x","zone":"CST"}`:                `"zone"`,
	} {
		_, err := New([]byte(in))
		wantError(t, err, datarun.Invalid, want)
	}
	s := newService(t, 0).source(t, "")
	for in, want := range map[string]string{
		`{"record":"x"}`:              `did you mean "records"`,
		`{"mode":"pages"}`:            `"mode"`,
		`{"method":"PUT"}`:            `"method"`,
		`{"body":{}}`:                 `"body"`,
		`{"method":"POST","body":{}}`: `{page}`,
		`{"mode":"cursor"}`:           `"next"`,
		`{"mode":"since"}`:            `"since_item"`,
		`{"since_item":"x"}`:          `"mode"`,
		`{"size":0}`:                  `"size"`,
		`{"end":"never"}`:             `"end"`,
		`{"ok_path":"code"}`:          `"ok_path"`,
		`{"max_pages":0}`:             `"max_pages"`,
		`{"columns":{"nope":"x"}}`:    `no item nope`,
		`{"mode":"since","since_item":"x","since_as":"number","since_start":"y"}`: `"since_start"`,
		`{"mode":"since","since_item":"x","overlap":5}`:                           `"overlap"`,
	} {
		_, err := tryRead(s, listStream("list", in), nil)
		wantError(t, err, datarun.Invalid, want)
	}
	for _, object := range []string{"http://y/x", "//y/x", "../x", "a/../../x", "x#y", ":"} {
		_, err := tryRead(s, listStream(object, `{}`), nil)
		wantError(t, err, datarun.Invalid, "object")
	}
}
