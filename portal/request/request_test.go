package request

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func serve(t *testing.T, h http.HandlerFunc, r *http.Request) (*httptest.ResponseRecorder, string) {
	t.Helper()
	var log bytes.Buffer
	fail := func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(500)
		w.Write([]byte(From(r.Context()).ID))
	}
	rec := httptest.NewRecorder()
	Wrap(h, slog.New(slog.NewTextHandler(&log, nil)), fail).ServeHTTP(rec, r)
	return rec, log.String()
}

func TestAccessLogHasNoSecrets(t *testing.T) {
	r := httptest.NewRequest("POST", "/x/420704199001011234?id=420704199001011234", strings.NewReader("420704199001011234"))
	r.Header.Set("X-Request-Id", "bad id\n420704199001011234")
	rec, log := serve(t, func(w http.ResponseWriter, r *http.Request) {
		From(r.Context()).Operation = "lookup"
		w.WriteHeader(http.StatusTeapot)
		w.Write([]byte("abc"))
	}, r)
	if strings.Contains(log, "42070419") {
		t.Errorf("the log repeats what was sent: %s", log)
	}
	for _, want := range []string{"operation=lookup", "status=418", "bytes=3", "id=" + rec.Header().Get("X-Request-Id")} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %q: %s", want, log)
		}
	}
	if rec.Header().Get("X-Content-Type-Options") != "nosniff" || rec.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("security headers are missing: %v", rec.Header())
	}
}

func TestRequestIDIsTaken(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("X-Request-Id", "case-2026-0001")
	if rec, _ := serve(t, func(http.ResponseWriter, *http.Request) {}, r); rec.Header().Get("X-Request-Id") != "case-2026-0001" {
		t.Errorf("id = %q", rec.Header().Get("X-Request-Id"))
	}
}

func TestPanic(t *testing.T) {
	rec, log := serve(t, func(http.ResponseWriter, *http.Request) { panic("420704199001011234") }, httptest.NewRequest("GET", "/", nil))
	if rec.Code != 500 || rec.Body.String() != rec.Header().Get("X-Request-Id") {
		t.Errorf("%d %q", rec.Code, rec.Body)
	}
	if !strings.Contains(log, "request_test.go") || strings.Contains(log, "42070419") {
		t.Errorf("log: %s", log)
	}
}

func TestPanicAfterTheAnswerBegan(t *testing.T) {
	defer func() {
		if err, ok := recover().(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
			t.Error("the connection was not cut")
		}
	}()
	serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("{")); panic("x") }, httptest.NewRequest("GET", "/", nil))
}
