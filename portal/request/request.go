package request

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"
)

// Info is what is known about a request so far. Handlers further in fill it in for the access log.
type Info struct {
	ID        string // in X-Request-Id, in the ledger and in logs
	Operation string // name of the operation or route; empty when nothing matched
	Agency    string // code of the caller; empty while unknown
}

type infoKey struct{}

// From returns the Info of the request that ctx belongs to; outside of Wrap, one that nobody reads.
func From(ctx context.Context) *Info {
	if info, ok := ctx.Value(infoKey{}).(*Info); ok {
		return info
	}
	return &Info{}
}

// Wrap surrounds next. fail answers a request whose handler panicked before it answered itself; it must not panic.
func Wrap(next http.Handler, log *slog.Logger, fail http.HandlerFunc) http.Handler {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		info := &Info{ID: requestID(r)}
		r = r.WithContext(context.WithValue(r.Context(), infoKey{}, info))
		secure(w.Header(), r.TLS != nil)
		w.Header().Set("X-Request-Id", info.ID)
		rec := &recorder{ResponseWriter: w}
		defer func() {
			if cause := recover(); cause != nil {
				panicked(rec, r, log, cause, fail)
			}
			log.LogAttrs(r.Context(), slog.LevelInfo, "request", slog.String("id", info.ID), slog.String("method", method(r)),
				slog.String("operation", info.Operation), slog.Int("status", rec.code()), slog.Int64("bytes", rec.bytes),
				slog.Duration("took", time.Since(began)), slog.String("agency", info.Agency), slog.String("remote", r.RemoteAddr))
		}()
		next.ServeHTTP(rec, r)
	})
}

func panicked(rec *recorder, r *http.Request, log *slog.Logger, cause any, fail http.HandlerFunc) {
	if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(cause) // the way to cut a connection, for net/http to see
	}
	log.Error("panic", "id", From(r.Context()).ID, "type", fmt.Sprintf("%T", cause), "stack", string(debug.Stack()))
	if rec.status != 0 {
		panic(http.ErrAbortHandler) // half an answer must not look like a whole one
	}
	fail(rec, r)
}

// secure sets the headers that every answer has. Pages that need more replace the content policy.
func secure(h http.Header, tls bool) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	if tls {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// requestID takes the caller's id when it is harmless in a log, so that one id names the request on both sides.
func requestID(r *http.Request) string {
	id := r.Header.Get("X-Request-Id")
	if len(id) < 8 || len(id) > 64 {
		return rand.Text()
	}
	for _, c := range []byte(id) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return rand.Text()
		}
	}
	return id
}

// method keeps words that callers made up out of the log.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}

// recorder notes what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// WriteHeader notes the status.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= 200 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write notes the length.
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) code() int {
	if r.status == 0 {
		return http.StatusOK
	}
	return r.status
}
