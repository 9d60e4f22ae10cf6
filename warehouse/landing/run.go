package landing

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
)

// Run inserts what Accept takes, until ctx ends. What is not on disk then is not committed and will be read again.
func (l *Landing) Run(ctx context.Context) error {
	workers := new(errgroup.Group)
	free := make(chan struct{}, l.options.Inserts)
	l.schedule(ctx, func(r *resource) {
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			return
		}
		// Blocks are taken only now: while all workers were busy they grew.
		j := r.next(l.options.Rows)
		workers.Go(func() error {
			defer func() { <-free }()
			l.land(ctx, j)
			return nil
		})
	})
	return workers.Wait()
}

// schedule hands out every resource that is due, the most urgent first, until ctx ends.
func (l *Landing) schedule(ctx context.Context, start func(*resource)) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
		case <-timer.C:
		}
		for ctx.Err() == nil {
			r, due := l.mostUrgent()
			if r == nil {
				break
			}
			if wait := time.Until(due); wait > 0 {
				timer.Reset(wait)
				break
			}
			start(r)
		}
	}
}

func (l *Landing) mostUrgent() (*resource, time.Time) {
	pressed := l.budget.pressed()
	l.mu.Lock()
	defer l.mu.Unlock()
	var urgent *resource
	var soonest time.Time
	for _, r := range l.resources {
		if due := r.due(&l.options, pressed); !due.IsZero() && (urgent == nil || due.Before(soonest)) {
			urgent, soonest = r, due
		}
	}
	return urgent, soonest
}
