package landing

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"
)

// budget bounds the bytes that are decoded and not yet on disk.
type budget struct {
	all     int64
	sem     *semaphore.Weighted
	mu      sync.Mutex
	used    int64
	waiting int
}

func newBudget(all int64) *budget { return &budget{all: all, sem: semaphore.NewWeighted(all)} }

// acquire waits for n bytes and returns how many it took: a message larger than the whole budget takes all of it. wait is
// called before waiting.
func (b *budget) acquire(ctx context.Context, n int64, wait func()) (int64, error) {
	n = min(n, b.all)
	if !b.sem.TryAcquire(n) {
		b.count(0, 1)
		wait()
		err := b.sem.Acquire(ctx, n)
		b.count(0, -1)
		if err != nil {
			return 0, err
		}
	}
	b.count(n, 0)
	return n, nil
}

func (b *budget) release(n int64) {
	b.count(-n, 0)
	b.sem.Release(n)
}

func (b *budget) count(used int64, waiting int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used += used
	b.waiting += waiting
}

// pressed reports whether somebody waits: then every pending row should go out.
func (b *budget) pressed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.waiting > 0
}

func (b *budget) taken() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used
}
