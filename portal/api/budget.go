package api

import (
	"sync/atomic"
	"time"
)

// budget bounds the memory that bodies take over all requests.
type budget struct {
	limit int64
	used  atomic.Int64
}

// lease is the share of one request. It is not for concurrent use.
type lease struct {
	b        *budget
	reserved int64
	used     int64
}

// open reserves a first share. A request that announced its length is admitted or refused here, before it is read.
func (b *budget) open(reserve int64) (*lease, error) {
	l := &lease{b: b}
	if err := l.reserve(reserve); err != nil {
		return nil, err
	}
	return l, nil
}

func (l *lease) reserve(n int64) error {
	if l.reserved+n > l.b.limit {
		return tooLarge("the body takes more memory than there is for all bodies; send it in parts") // later is no better
	}
	if l.b.used.Add(n) > l.b.limit {
		l.b.used.Add(-n)
		return busy("the hub is reading as much as it may at a time", time.Second)
	}
	l.reserved += n
	return nil
}

// grow uses n bytes, out of the reserve while it lasts.
func (l *lease) grow(n int) error {
	l.used += int64(n)
	if l.used <= l.reserved {
		return nil
	}
	return l.reserve(l.used - l.reserved)
}

func (l *lease) close() { l.b.used.Add(-l.reserved) }
