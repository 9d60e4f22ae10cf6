package api

import (
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
)

// body reads a request's body: decompressed, cut off at a limit before as well as after that, hashed on the way. Its
// errors are Problems.
type body struct {
	r      io.Reader
	wire   *http.Request
	gzip   bool
	left   int64
	limit  int64
	digest hash.Hash // nil when nobody asks
}

// openBody reads no byte yet. digest may be nil.
func openBody(w http.ResponseWriter, r *http.Request, limit int64, digest hash.Hash) (*body, error) {
	b := &body{wire: r, limit: limit, left: limit, digest: digest}
	if r.ContentLength > limit {
		return nil, b.tooLarge()
	}
	b.r = http.MaxBytesReader(w, r.Body, limit)
	switch enc := r.Header.Get("Content-Encoding"); enc {
	case "", "identity":
	case "gzip":
		b.gzip = true
	default:
		return nil, unsupported("Content-Encoding is neither gzip nor identity")
	}
	return b, nil
}

func newDigest(reading ...string) hash.Hash {
	h := sha256.New()
	for _, s := range reading {
		fmt.Fprintf(h, "%d:%s,", len(s), s)
	}
	return h
}

func (b *body) tooLarge() *Problem {
	return tooLarge(fmt.Sprintf("the body is over %d bytes, decompressed; send it in parts", b.limit))
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	if b.gzip {
		b.gzip = false
		z, err := gzip.NewReader(b.r)
		if err != nil {
			return 0, b.explain(err)
		}
		b.r = z
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, b.tooLarge()
	}
	if b.digest != nil {
		b.digest.Write(p[:n])
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = b.explain(err)
	}
	return n, err
}

func (b *body) explain(err error) error {
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return b.tooLarge()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return problem(http.StatusRequestTimeout, "timeout", "读取超时 Timeout", "the body took too long to come")
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum):
		return invalid("the body is not gzip, though Content-Encoding says so")
	}
	if b.wire.Header.Get("Content-Encoding") == "gzip" {
		return invalid("the body is broken gzip")
	}
	return problem(http.StatusBadRequest, "broken-body", "请求体不完整 Broken body", "the body ended before its announced end")
}
