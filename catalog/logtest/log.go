package logtest

import (
	"context"
	"sync"
	"time"
)

// Log is a log in memory. The zero value is not ready; use New.
type Log struct {
	mu      sync.Mutex
	records []record
	grown   chan struct{} // closed and replaced by each append
	fail    error
	stored  bool
}

type record struct {
	at    time.Time
	value []byte
}

// New makes a log that holds values, in order, from offset 0.
func New(values ...[]byte) *Log {
	l := &Log{grown: make(chan struct{})}
	for _, v := range values {
		l.records = append(l.records, record{time.Now(), v})
	}
	return l
}

// Append stores a copy of value and returns its offset.
func (l *Log) Append(ctx context.Context, value []byte) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.fail
	l.fail = nil
	if err != nil && !l.stored {
		return 0, err
	}
	l.records = append(l.records, record{time.Now(), append([]byte(nil), value...)})
	close(l.grown)
	l.grown = make(chan struct{})
	return int64(len(l.records) - 1), err
}

// FailNext makes the next Append return err; stored says whether the value is in the log nevertheless.
func (l *Log) FailNext(err error, stored bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fail, l.stored = err, stored
}

// Replace puts value in the place of the record at offset: a rewritten history.
func (l *Log) Replace(offset int64, value []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.records[offset].value = append([]byte(nil), value...)
}

// Truncate drops the record at offset and everything after it, as a broker does that lost its tail.
func (l *Log) Truncate(offset int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.records = l.records[:offset:offset]
}

// Values returns copies of all records' bytes, in order.
func (l *Log) Values() [][]byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	values := make([][]byte, len(l.records))
	for i, r := range l.records {
		values[i] = append([]byte(nil), r.value...)
	}
	return values
}

// Read visits what is there now.
func (l *Log) Read(ctx context.Context, from int64, fn func(offset int64, at time.Time, value []byte) error) error {
	l.mu.Lock()
	end := int64(len(l.records))
	l.mu.Unlock()
	_, err := l.visit(ctx, from, end, fn)
	return err
}

// Follow visits what is there and what comes, until ctx ends.
func (l *Log) Follow(ctx context.Context, from int64, fn func(offset int64, at time.Time, value []byte) error) error {
	for {
		l.mu.Lock()
		end, grown := int64(len(l.records)), l.grown
		l.mu.Unlock()
		next, err := l.visit(ctx, from, end, fn)
		if err != nil {
			return err
		}
		from = next
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (l *Log) visit(ctx context.Context, from, end int64, fn func(int64, time.Time, []byte) error) (int64, error) {
	for ; from < end; from++ {
		if err := ctx.Err(); err != nil {
			return from, err
		}
		l.mu.Lock()
		if from >= int64(len(l.records)) { // truncated meanwhile
			l.mu.Unlock()
			return from, nil
		}
		r := l.records[from]
		l.mu.Unlock()
		if err := fn(from, r.at, append([]byte(nil), r.value...)); err != nil {
			return from, err
		}
	}
	return max(from, end), nil
}
