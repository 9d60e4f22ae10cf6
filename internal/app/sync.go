package app

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"datarun"
	"datarun/catalog"
	"datarun/exchange"
	"datarun/warehouse/schema"
)

// runDirectory follows the directory, and makes topics, tables and flows what it says.
func (h *Hub) runDirectory(ctx context.Context, ready func()) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return h.catalog.Run(ctx) })
	g.Go(func() error {
		first := true
		for {
			snap := h.catalog.Snapshot()
			again := h.follow(ctx, snap)
			if first {
				ready()
				first = false
			}
			var retry <-chan time.Time
			if again {
				retry = time.After(2 * time.Second)
			}
			select {
			case <-ctx.Done():
				return nil
			case <-snap.Changed():
			case <-retry:
			}
		}
	})
	return g.Wait()
}

// follow brings topics, tables and flows to what the snapshot says. One resource that cannot be brought there does not
// hold up the others: it is shown, and tried again when again is true.
func (h *Hub) follow(ctx context.Context, snap *catalog.Snapshot) (again bool) {
	if n := snap.Breaks(); n > 0 {
		h.health.set("catalogue", datarun.Errorf(datarun.Corrupt, "catalogue", "%d commands name a history that the log does not have; datarun catalog verify says which", n))
	}
	entries := snap.Resources()
	online := make(map[datarun.ResourceCode]bool, len(entries))
	failed := make([]error, len(entries))
	var g errgroup.Group
	g.SetLimit(4)
	for i, e := range entries {
		online[e.Code] = true
		if f := h.flows.get(e.Code); f != nil && f.version == e.Version {
			continue
		}
		g.Go(func() error {
			failed[i] = h.setUp(ctx, e)
			return nil
		})
	}
	_ = g.Wait() // failures are in failed
	for i, err := range failed {
		part := "resource " + string(entries[i].Code)
		if err == nil {
			h.health.set(part, nil)
			continue
		}
		if errors.Is(err, context.Canceled) {
			return false
		}
		h.health.set(part, err)
		h.log.Error("resource is not set up", "resource", entries[i].Code, "err", err)
		again = again || datarun.KindOf(err).Reaction().Retry
	}
	for _, f := range h.flows.all() {
		if !online[f.resource.Code] {
			h.flows.drop(f.resource.Code)
		}
	}
	h.resubscribe()
	return again
}

// setUp makes the topic, the table and the flow of an entry, in this order: nothing is published that cannot land.
func (h *Hub) setUp(ctx context.Context, e *catalog.Entry) error {
	res := &e.Resource
	f, err := newFlow(res, e.Version)
	if err != nil {
		return err
	}
	topic := exchange.Topic{Name: f.topic, Partitions: res.Partitions, Compact: true}
	if err := h.cluster.EnsureTopic(ctx, topic); err != nil {
		return err
	}
	if h.cfg.Has("land") {
		if err := schema.Apply(ctx, h.db, res); err != nil {
			return err
		}
		if err := h.lander.SetResource(res); err != nil {
			return err
		}
	}
	h.flows.put(f)
	return nil
}

// resubscribe tells the subscriber which topics there are.
func (h *Hub) resubscribe() {
	if h.subscriber == nil {
		return
	}
	all := h.flows.all()
	topics := make([]string, 0, len(all))
	for _, f := range all {
		topics = append(topics, f.topic)
	}
	h.subscriber.SetTopics(topics)
}
