package intake

import (
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"datarun"
	"datarun/internal/rowjson"
)

// Reader gives the records of a body.
type Reader interface {
	// Next returns the next record, and io.EOF after the last. Its Data is valid until the following call. Any other
	// error refuses the body: an Invalid error for what it says, or what the underlying reader returned.
	Next() (datarun.Record, error)
}

// maxSample is how much of a broken row is kept, in bytes of JSON string content.
const maxSample = 64 << 10

// errSize is what a fault says about a record over datarun.MaxRecord.
var errSize = fmt.Sprintf("the record is over %d bytes", datarun.MaxRecord)

// faulty makes the record of a row that cannot be read: Data is the row, or its beginning, as a JSON string.
func faulty(dst, raw []byte, rule datarun.Rule, detail, where string) (datarun.Record, []byte) {
	if len(raw) > maxSample {
		cut := maxSample
		for cut > maxSample-utf8.UTFMax && !utf8.RuneStart(raw[cut]) {
			cut--
		}
		raw = raw[:cut]
	}
	dst = rowjson.AppendString(dst[:0], raw)
	return datarun.Record{Data: dst, Fault: &datarun.Fault{Rule: rule, Detail: detail, Where: where}}, dst
}

// refuse is the error for a body that cannot be divided into records.
func refuse(format string, args ...any) error {
	return datarun.Errorf(datarun.Invalid, "body", format, args...)
}

// window is the part of a body that is held: buf[start:end].
type window struct {
	r          io.Reader
	buf        []byte
	start, end int
	err        error // of r, io.EOF included; held back until the bytes before it are used
}

func newWindow(r io.Reader) window { return window{r: r, buf: make([]byte, 64<<10)} }

// more reads at least one byte more and keeps what is held. It returns r's error when there is none.
func (w *window) more() error {
	if w.err != nil {
		return w.err
	}
	if w.start > 0 && (w.start == w.end || w.end == len(w.buf)) {
		w.end = copy(w.buf, w.buf[w.start:w.end])
		w.start = 0
	}
	if w.end == len(w.buf) {
		w.buf = append(w.buf, make([]byte, len(w.buf))...)
	}
	for range 100 {
		n, err := w.r.Read(w.buf[w.end:])
		w.end += n
		w.err = err
		if n > 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// held returns the bytes held.
func (w *window) held() []byte { return w.buf[w.start:w.end] }

// skipBOM drops a UTF-8 byte order mark from the beginning of the body.
func (w *window) skipBOM() error {
	for w.end-w.start < 3 {
		if err := w.more(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
	}
	if h := w.held(); len(h) >= 3 && h[0] == 0xEF && h[1] == 0xBB && h[2] == 0xBF {
		w.start += 3
	}
	return nil
}
