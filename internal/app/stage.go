package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"datarun"
)

// stage is a part of the hub with a life of its own. run calls ready once the stages after it may start, and returns
// when ctx ends or when the part cannot go on.
type stage struct {
	name string
	run  func(ctx context.Context, ready func()) error
}

// runStages starts stages one after the other, each when the one before is ready, and waits until ctx ends or one of
// them fails. Then it stops them in reverse order, giving each at most grace, and returns the first failure.
func runStages(ctx context.Context, log *slog.Logger, grace time.Duration, stages []stage) error {
	type ended struct {
		index int
		err   error
	}
	ends := make(chan ended, len(stages))
	cancels := make([]context.CancelFunc, 0, len(stages))
	dones := make([]chan struct{}, 0, len(stages))
	var failure error
start:
	for i, s := range stages {
		// A stage outlives ctx until its turn to stop comes.
		sctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		readyCh, done := make(chan struct{}), make(chan struct{})
		cancels, dones = append(cancels, cancel), append(dones, done)
		go func() {
			defer close(done)
			err := s.run(sctx, func() { close(readyCh) })
			if errors.Is(err, context.Canceled) && sctx.Err() != nil {
				err = nil
			}
			ends <- ended{i, datarun.Wrap(s.name, err)}
		}()
		select {
		case <-readyCh:
			log.Debug("started", "part", s.name)
		case e := <-ends:
			failure = early(stages[e.index].name, e.err)
			break start
		case <-ctx.Done():
			break start
		}
	}
	if failure == nil && len(dones) == len(stages) {
		select {
		case <-ctx.Done():
		case e := <-ends:
			failure = early(stages[e.index].name, e.err)
		}
	}
	for i := len(dones) - 1; i >= 0; i-- {
		cancels[i]()
		select {
		case <-dones[i]:
		case <-time.After(grace):
			log.Warn("did not stop in time", "part", stages[i].name, "grace", grace)
		}
	}
	return failure
}

// early is the failure of a part that ended before it was asked to.
func early(name string, err error) error {
	if err != nil {
		return err
	}
	return datarun.Errorf(datarun.Internal, name, "ended by itself")
}
