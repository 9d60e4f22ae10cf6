package intake

import (
	"errors"
	"io"
	"unsafe"

	"datarun"
)

// ErrTooMany is what Collect returns for a body of more records than it may take.
var ErrTooMany = errors.New("too many records")

const (
	chunkSize  = 256 << 10
	recordStep = 1024 // records by which room for them grows
)

// Collect reads all records of a body into memory of their own. It calls grow before it takes more memory, with the
// number of bytes, and stops with grow's error.
func Collect(r Reader, maxRecords int, grow func(bytes int) error) ([]datarun.Record, error) {
	a := arena{grow: grow}
	var records []datarun.Record
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return records, nil
		}
		if err != nil {
			return nil, err
		}
		if len(records) == maxRecords {
			return nil, ErrTooMany
		}
		if len(records)%recordStep == 0 {
			if err := grow(recordStep * int(unsafe.Sizeof(rec))); err != nil {
				return nil, err
			}
		}
		if rec.Data, err = a.keep(rec.Data); err != nil {
			return nil, err
		}
		records = append(records, rec)
	}
}

// arena copies records into large chunks: one allocation for a thousand records.
type arena struct {
	chunk []byte
	grow  func(int) error
}

func (a *arena) keep(data []byte) ([]byte, error) {
	if len(data) > cap(a.chunk)-len(a.chunk) {
		size := max(chunkSize, len(data))
		if err := a.grow(size); err != nil {
			return nil, err
		}
		a.chunk = make([]byte, 0, size)
	}
	n := len(a.chunk)
	a.chunk = append(a.chunk, data...)
	return a.chunk[n:len(a.chunk):len(a.chunk)], nil
}
