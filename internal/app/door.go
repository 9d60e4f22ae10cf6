package app

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"datarun"
	"datarun/catalog"
	"datarun/exchange"
	"datarun/exchange/ledger"
	"datarun/portal/api"
	"datarun/warehouse/lookup"
)

// door is what the portal needs of the hub: its interfaces over the columns.
type door struct{ *Hub }

// Resources implements api.Directory.
func (d door) Resources(context.Context) ([]api.Entry, error) {
	snap := d.catalog.Snapshot()
	entries := snap.Resources()
	out := make([]api.Entry, len(entries))
	for i, e := range entries {
		out[i] = entry(snap, e)
	}
	return out, nil
}

// Resource implements api.Directory.
func (d door) Resource(_ context.Context, code datarun.ResourceCode) (api.Entry, error) {
	snap := d.catalog.Snapshot()
	e, ok := snap.Resource(code)
	if !ok {
		return api.Entry{}, datarun.Errorf(datarun.NotFound, "directory", "no such resource")
	}
	return entry(snap, e), nil
}

func entry(snap *catalog.Snapshot, e *catalog.Entry) api.Entry {
	out := api.Entry{Resource: e.Resource, Version: e.Version}
	if m, ok := snap.Agency(e.Provider); ok {
		out.ProviderName = m.Name
	}
	return out
}

// Allowed implements api.Grants. The provider's own reading has no grant.
func (d door) Allowed(agency datarun.AgencyCode, resource datarun.ResourceCode, at time.Time) (datarun.Grant, bool) {
	g, ok := d.catalog.Snapshot().Allowed(agency, resource, at)
	if g.ID == catalog.OwnGrant {
		g.ID = ""
	}
	return g, ok
}

// ByKey implements auth.Agencies.
func (d door) ByKey(id string) (datarun.Agency, bool) {
	for _, m := range d.catalog.Snapshot().Agencies() {
		for _, k := range m.Keys {
			if k.ID == id {
				return m.Agency, true
			}
		}
	}
	return datarun.Agency{}, false
}

// BySubject implements auth.Agencies.
func (d door) BySubject(subject string) (datarun.Agency, bool) {
	m, ok := d.catalog.Snapshot().AgencyBySubject(subject)
	if !ok {
		return datarun.Agency{}, false
	}
	return m.Agency, true
}

const (
	setUpTime  = 5 * time.Second // a push just after its entry was published waits so long for topic and table
	ledgerTime = 5 * time.Second // a window waits no longer for Kafka before it is told that it is away
)

// Push implements api.Publisher.
func (d door) Push(ctx context.Context, p api.Push) ([]api.Refusal, error) {
	source := "push/" + string(p.Agency)
	setUp, cancel := context.WithTimeout(ctx, setUpTime)
	defer cancel()
	if d.AwaitResource(setUp, p.Resource) != nil {
		return nil, datarun.Errorf(datarun.Unavailable, "push", "resource %s is not set up yet", p.Resource)
	}
	if p.Whole {
		f := d.flows.get(p.Resource)
		if f == nil {
			return nil, datarun.Errorf(datarun.NotFound, "push", "resource %s was withdrawn", p.Resource)
		}
		if _, faults := f.check(source, p.Records); len(faults) > 0 {
			return refusals(p.Records, faults), nil
		}
	}
	faults, err := d.intake.take(ctx, source, p.Resource, p.Records)
	if err != nil {
		return nil, err
	}
	_, err = d.ledger.Write(ctx, ledger.Entry{
		Kind: ledger.Push, Agency: p.Agency, Resource: p.Resource, Count: len(p.Records) - len(faults),
	})
	return refusals(p.Records, faults), err
}

func refusals(records []datarun.Record, faults map[int]datarun.Fault) []api.Refusal {
	var out []api.Refusal
	for i := range records {
		if f, ok := faults[i]; ok {
			out = append(out, api.Refusal{Index: i, Fault: f})
		}
	}
	return out
}

// Get implements api.Reader.
func (d door) Get(ctx context.Context, q api.Query, keys []string) ([]api.Row, error) {
	e, ok := d.catalog.Snapshot().Resource(q.Resource)
	if !ok {
		return nil, datarun.Errorf(datarun.NotFound, "lookup", "no such resource")
	}
	rows, err := d.lookup.Get(ctx, &e.Resource, q.Items, keys)
	return apiRows(rows), err
}

// List implements api.Reader.
func (d door) List(ctx context.Context, q api.Query, after string, limit, maxBytes int) ([]api.Row, error) {
	e, ok := d.catalog.Snapshot().Resource(q.Resource)
	if !ok {
		return nil, datarun.Errorf(datarun.NotFound, "lookup", "no such resource")
	}
	rows, _, err := d.lookup.List(ctx, &e.Resource, q.Items, after, limit)
	out, total := apiRows(rows), 0
	for i := range out {
		if total += len(out[i].Data); total > maxBytes {
			return out[:i+1], err
		}
	}
	return out, err
}

func apiRows(rows []lookup.Row) []api.Row {
	out := make([]api.Row, len(rows))
	for i, r := range rows {
		out[i] = api.Row{Key: r.Key, Found: r.Found, Data: r.Data, AsOf: r.Time}
	}
	return out
}

// ledgerDoor writes the portal's readings: its Write would clash with the hub's other methods.
type ledgerDoor struct{ *Hub }

// Write implements api.Ledger.
func (d ledgerDoor) Write(ctx context.Context, r api.Reading) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, ledgerTime)
	defer cancel()
	kind := ledger.Lookup
	if r.Operation == "list" {
		kind = ledger.List
	}
	written, err := d.ledger.Write(ctx, ledger.Entry{
		Kind: kind, Agency: r.Agency, Resource: r.Resource, Grant: r.Grant, Purpose: r.Purpose, Case: r.Case,
		Operator: r.Operator, Count: r.Keys,
	})
	if err != nil {
		return "", err
	}
	return written[0].ID(), nil
}

// idempotency keeps the answers of pushes in a compacted topic.
type idempotency struct{ table *exchange.Table }

// Get implements api.Idempotency.
func (i idempotency) Get(_ context.Context, key api.IdempotencyKey) (api.Remembered, bool, error) {
	var r api.Remembered
	b, ok := i.table.Get(idempotencyKey(key))
	if !ok {
		return r, false, nil
	}
	if err := json.Unmarshal(b, &r); err != nil {
		return r, false, datarun.Errorf(datarun.Corrupt, "idempotency", "%w", err)
	}
	return r, true, nil
}

// Put implements api.Idempotency.
func (i idempotency) Put(ctx context.Context, key api.IdempotencyKey, answer api.Remembered) error {
	b, err := json.Marshal(answer)
	if err != nil {
		return datarun.Errorf(datarun.Internal, "idempotency", "%w", err)
	}
	return i.table.Set(ctx, idempotencyKey(key), b)
}

// sweepAge is how long an answer is remembered at least.
const sweepAge = 24 * time.Hour

// sweep forgets answers older than sweepAge, once an hour, until ctx ends. What cannot be forgotten now is tried again.
func (i idempotency) sweep(ctx context.Context) error {
	for {
		for _, key := range i.table.Keys() {
			var r api.Remembered
			b, ok := i.table.Get(key)
			if ok && ctx.Err() == nil && json.Unmarshal(b, &r) == nil && time.Since(r.At) > sweepAge {
				_ = i.table.Set(ctx, key, nil)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Hour):
		}
	}
}

func idempotencyKey(k api.IdempotencyKey) string {
	return fmt.Sprintf("%s %s %s %s", k.Agency, k.Resource, k.Operation, k.Key)
}
