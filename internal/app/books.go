package app

import (
	"context"
	"time"

	"datarun"
	"datarun/warehouse/schema"
)

// Settled counts the current rows of all resources in the warehouse, and the records in quarantine.
func (h *Hub) Settled(ctx context.Context) (rows, quarantined int, err error) {
	for _, f := range h.flows.all() {
		var n uint64
		query := "SELECT count() FROM " + schema.Quote(h.db.Database()) + "." + schema.Quote(schema.View(f.resource.Code))
		err := h.db.Select(ctx, query, func(scan func(...any) error) error { return scan(&n) })
		if err != nil {
			return 0, 0, err
		}
		rows += int(n)
	}
	counts, err := h.intake.quarantine.Count(ctx)
	if err != nil {
		return 0, 0, err
	}
	for _, rules := range counts {
		for _, n := range rules {
			quarantined += n
		}
	}
	return rows, quarantined, nil
}

// AwaitResource returns when the resource has its topic and, where this process lands, its table.
func (h *Hub) AwaitResource(ctx context.Context, code datarun.ResourceCode) error {
	for h.flows.get(code) == nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}
