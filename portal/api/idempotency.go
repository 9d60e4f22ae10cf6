package api

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"sync"
	"time"

	"datarun"
)

// underWay holds the idempotency keys of requests that are being worked on in this process. Two hubs may work on the
// same key at once: both publish the same records, which is harmless, and remember the same answer.
type underWay struct {
	mu   sync.Mutex
	keys map[IdempotencyKey]struct{}
}

// claim reads the Idempotency-Key header and keeps other requests with that key out until done is called. Without the
// header the key is nil.
func (a *API) claim(c *call, operation string) (key *IdempotencyKey, done func(), err error) {
	values := c.r.Header.Values("Idempotency-Key")
	if len(values) == 0 {
		return nil, func() {}, nil
	}
	if len(values) > 1 || !validKey(values[0]) {
		return nil, nil, invalid("Idempotency-Key is not 1 to 128 visible ASCII characters, once")
	}
	k := IdempotencyKey{c.caller.Agency.Code, c.entry.Resource.Code, operation, values[0]}
	a.claims.mu.Lock()
	defer a.claims.mu.Unlock()
	if _, taken := a.claims.keys[k]; taken {
		p := problem(http.StatusConflict, "idempotency-under-way", "同一请求处理中 Under way", "a request with this Idempotency-Key is being worked on")
		p.retry = time.Second
		return nil, nil, p
	}
	if a.claims.keys == nil {
		a.claims.keys = map[IdempotencyKey]struct{}{}
	}
	a.claims.keys[k] = struct{}{}
	return &k, func() {
		a.claims.mu.Lock()
		delete(a.claims.keys, k)
		a.claims.mu.Unlock()
	}, nil
}

func validKey(s string) bool {
	for _, c := range []byte(s) {
		if c < '!' || c > '~' {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= 128
}

// replay gives the answer that the key was given before, if it was.
func (a *API) replay(c *call, key *IdempotencyKey, request [32]byte) (answered bool, err error) {
	if key == nil {
		return false, nil
	}
	before, found, err := a.c.Idempotency.Get(c.r.Context(), *key)
	if err != nil || !found {
		return false, err
	}
	if before.Request != request {
		return false, problem(http.StatusUnprocessableEntity, "idempotency-reused", "幂等键已用于其他请求 Key reused",
			"this Idempotency-Key was used for another body; the other one was taken, this one was not")
	}
	content, err := unpack(before.Answer)
	if err != nil {
		return false, datarun.Errorf(datarun.Corrupt, "idempotency", "a remembered answer cannot be read: %w", err)
	}
	c.w.Header().Set("Idempotency-Replayed", "true")
	writeBody(c.w, before.Status, "application/json", content)
	return true, nil
}

func pack(content []byte) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(content); err != nil {
		return nil, err
	}
	err := z.Close()
	return b.Bytes(), err
}

func unpack(packed []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}
