package host

import (
	"context"
	"math/rand/v2"
	"time"
)

// The back-off of everything here: it doubles from the first to the longest wait, and starts over after an attempt that
// lasted as long as healthyAfter.
const (
	firstWait    = 100 * time.Millisecond
	longestWait  = 30 * time.Second
	healthyAfter = time.Minute
)

// backoff counts failures. The zero value is ready.
type backoff struct {
	failures int
}

// next is how long to wait after an attempt that failed and had lasted so long. Half of it is by chance, so that what
// failed together does not come back together.
func (b *backoff) next(lasted time.Duration) time.Duration {
	if lasted >= healthyAfter {
		b.failures = 0
	}
	wait := longestWait
	if b.failures < 16 {
		wait = min(longestWait, firstWait<<b.failures)
	}
	b.failures++
	return wait/2 + rand.N(wait/2+1) //nolint:gosec // spreads calls, guards nothing
}

func (b *backoff) reset() { b.failures = 0 }

// sleep waits and reports whether ctx is still alive.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
