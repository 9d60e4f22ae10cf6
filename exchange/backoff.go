package exchange

import (
	"context"
	"math/rand/v2"
	"time"

	"datarun"
)

// backOff waits longer each time, from first to most, with up to half of each wait left out by chance so that many
// waiters do not come back together.
type backOff struct {
	first, most time.Duration
	next        time.Duration
}

// step returns how long to wait now, and makes the next wait longer.
func (b *backOff) step() time.Duration {
	if b.next == 0 {
		b.next = b.first
	}
	d := b.next - rand.N(b.next/2+1) //nolint:gosec // spreads calls, guards nothing
	b.next = min(2*b.next, b.most)
	return d
}

// sleep waits and reports false when ctx ended instead.
func (b *backOff) sleep(ctx context.Context) bool { return pause(ctx, b.step()) }

// pause waits for d and reports false when ctx ended instead.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// retry calls fn until it succeeds or fails for good, at most for the cluster's timeout. What is Unavailable is tried
// again: a leader that is being elected, a broker that starts anew.
func (c *Cluster) retry(ctx context.Context, fn func() error) error {
	since := time.Now()
	wait := backOff{first: 20 * time.Millisecond, most: time.Second}
	for {
		err := fn()
		if err == nil || datarun.KindOf(err) != datarun.Unavailable || time.Since(since) > c.cfg.Timeout || !wait.sleep(ctx) {
			return err
		}
	}
}
