package host

import (
	"context"

	"golang.org/x/sync/semaphore"
)

// Budget bounds the bytes that all streams of a hub together hold between connector and exchange. Only batches that are
// being taken, or wait for their turn, hold some of it, so it always comes back.
type Budget struct {
	total int64
	sem   *semaphore.Weighted
}

// DefaultBudget is a budget for a hub of ordinary size, in bytes.
const DefaultBudget = 96 << 20

// NewBudget makes a budget of total bytes.
func NewBudget(total int64) *Budget {
	return &Budget{total: total, sem: semaphore.NewWeighted(total)}
}

func (b *Budget) take(ctx context.Context, n int64) error {
	return b.sem.Acquire(ctx, min(n, b.total))
}

func (b *Budget) give(n int64) { b.sem.Release(min(n, b.total)) }
