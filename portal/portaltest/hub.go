package portaltest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"datarun"
	"datarun/internal/rowjson"
	"datarun/portal/api"
	"datarun/portal/auth"
)

// Hub implements api.Directory, Grants, Publisher, Reader, Ledger and Readiness, and auth.Agencies. Its fields may be
// changed between requests.
type Hub struct {
	Answers Answers // api.Idempotency
	// Fail makes the part of that name ("push", "ledger", "read", "directory") return the error.
	Fail map[string]error
	// Before, when set, is called at the beginning of Push and of reads, with the part's name. It may block.
	Before func(part string)
	Down   []api.Cause

	mu       sync.Mutex
	agencies []datarun.Agency
	entries  []api.Entry
	grants   []datarun.Grant
	rows     map[datarun.ResourceCode]map[string]api.Row
	events   []string
	readings []api.Reading
	pushes   []api.Push
}

// New makes an empty hub.
func New() *Hub {
	return &Hub{rows: map[datarun.ResourceCode]map[string]api.Row{}, Fail: map[string]error{}}
}

// Config returns an API configuration in which this hub is behind everything.
func (h *Hub) Config() api.Config {
	return api.Config{
		Authenticator: auth.New(h, auth.Limits{}), Directory: h, Grants: h, Publisher: h, Idempotency: &h.Answers,
		Reader: h, Ledger: h, Readiness: h,
	}
}

// AddAgency adds an agency and returns a key for it.
func (h *Hub) AddAgency(code datarun.AgencyCode, name string, subjects ...string) (key string) {
	key, digest := auth.NewKey()
	h.agencies = append(h.agencies, datarun.Agency{Code: code, Name: name, Keys: []datarun.KeyDigest{digest}, Subjects: subjects})
	return key
}

// AddResource adds an entry to the directory.
func (h *Hub) AddResource(r datarun.Resource) {
	e := api.Entry{Resource: r, Version: 1}
	for _, a := range h.agencies {
		if a.Code == r.Provider {
			e.ProviderName = a.Name
		}
	}
	h.entries = append(h.entries, e)
	slices.SortFunc(h.entries, func(a, b api.Entry) int { return cmp.Compare(a.Resource.Code, b.Resource.Code) })
	h.rows[r.Code] = map[string]api.Row{}
}

// AddGrant adds a grant.
func (h *Hub) AddGrant(g datarun.Grant) { h.grants = append(h.grants, g) }

// ByKey implements auth.Agencies.
func (h *Hub) ByKey(id string) (datarun.Agency, bool) {
	for _, a := range h.agencies {
		if slices.ContainsFunc(a.Keys, func(k datarun.KeyDigest) bool { return k.ID == id }) {
			return a, true
		}
	}
	return datarun.Agency{}, false
}

// BySubject implements auth.Agencies.
func (h *Hub) BySubject(subject string) (datarun.Agency, bool) {
	for _, a := range h.agencies {
		if slices.Contains(a.Subjects, subject) {
			return a, true
		}
	}
	return datarun.Agency{}, false
}

// Resources implements api.Directory.
func (h *Hub) Resources(context.Context) ([]api.Entry, error) { return h.entries, h.Fail["directory"] }

// Resource implements api.Directory.
func (h *Hub) Resource(_ context.Context, code datarun.ResourceCode) (api.Entry, error) {
	if err := h.Fail["directory"]; err != nil {
		return api.Entry{}, err
	}
	for _, e := range h.entries {
		if e.Resource.Code == code {
			return e, nil
		}
	}
	return api.Entry{}, datarun.Errorf(datarun.NotFound, "directory", "no such resource")
}

// Allowed implements api.Grants.
func (h *Hub) Allowed(agency datarun.AgencyCode, resource datarun.ResourceCode, at time.Time) (datarun.Grant, bool) {
	h.note("grants")
	for _, e := range h.entries {
		if e.Resource.Code == resource && e.Resource.Provider == agency {
			return datarun.Grant{Agency: agency, Resource: resource}, true
		}
	}
	for _, g := range h.grants {
		if g.Agency == agency && g.Resource == resource && g.Covers(at) {
			return g, true
		}
	}
	return datarun.Grant{}, false
}

// Push implements api.Publisher.
func (h *Hub) Push(ctx context.Context, p api.Push) ([]api.Refusal, error) {
	if h.Before != nil {
		h.Before("push")
	}
	h.note("push")
	if err := h.Fail["push"]; err != nil {
		return nil, err
	}
	e, err := h.Resource(ctx, p.Resource)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	var refused []api.Refusal
	rows := map[string]api.Row{}
	for i := range p.Records {
		key, fault := check(&e.Resource, &p.Records[i])
		if fault != nil {
			refused = append(refused, api.Refusal{Index: i, Fault: *fault})
			continue
		}
		rows[key] = api.Row{Key: key, Found: p.Records[i].Op == datarun.Upsert, Data: slices.Clone(p.Records[i].Data), AsOf: time.Now()}
	}
	h.pushes = append(h.pushes, api.Push{Agency: p.Agency, Resource: p.Resource, Records: make([]datarun.Record, len(p.Records)), Whole: p.Whole, RequestID: p.RequestID})
	if p.Whole && len(refused) > 0 {
		return refused, nil
	}
	for key, row := range rows {
		if row.Found {
			h.rows[p.Resource][key] = row
		} else {
			delete(h.rows[p.Resource], key)
		}
	}
	return refused, nil
}

// check is a small part of what the exchange checks.
func check(r *datarun.Resource, rec *datarun.Record) (key string, fault *datarun.Fault) {
	if rec.Fault != nil {
		return "", rec.Fault
	}
	var row rowjson.Row
	if err := row.Parse(rec.Data); err != nil {
		return "", &datarun.Fault{Rule: datarun.RuleSyntax, Detail: err.Error()}
	}
	values := map[datarun.ItemName]string{}
	for i := range row.Fields {
		f := &row.Fields[i]
		name := datarun.ItemName(f.Name)
		if r.Item(name) == nil {
			return "", &datarun.Fault{Rule: datarun.RuleUnknown, Detail: "not an item of the resource"}
		}
		values[name] = string(f.Text(nil))
	}
	var parts []string
	for _, it := range r.Items {
		isKey := slices.Contains(r.Key, it.Name)
		if values[it.Name] == "" && (isKey || (it.Required && rec.Op == datarun.Upsert)) {
			return "", &datarun.Fault{Rule: datarun.RuleRequired, Item: it.Name, Detail: "is required"}
		}
	}
	for _, k := range r.Key {
		parts = append(parts, values[k])
	}
	return datarun.JoinKey(parts...), nil
}

// Get implements api.Reader.
func (h *Hub) Get(_ context.Context, q api.Query, keys []string) ([]api.Row, error) {
	if err := h.beginRead(); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]api.Row, len(keys))
	for i, k := range keys {
		out[i] = h.rows[q.Resource][k]
		out[i].Key = k
	}
	return out, nil
}

// List implements api.Reader.
func (h *Hub) List(_ context.Context, q api.Query, after string, limit, maxBytes int) ([]api.Row, error) {
	if err := h.beginRead(); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	var keys []string
	for k := range h.rows[q.Resource] {
		if k > after {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	var out []api.Row
	size := 0
	for _, k := range keys[:min(limit, len(keys))] {
		out = append(out, h.rows[q.Resource][k])
		if size += len(out[len(out)-1].Data); size > maxBytes {
			break
		}
	}
	return out, nil
}

func (h *Hub) beginRead() error {
	if h.Before != nil {
		h.Before("read")
	}
	h.note("read")
	return h.Fail["read"]
}

// Write implements api.Ledger.
func (h *Hub) Write(_ context.Context, reading api.Reading) (string, error) {
	h.note("ledger")
	if err := h.Fail["ledger"]; err != nil {
		return "", err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.readings = append(h.readings, reading)
	return fmt.Sprintf("ledger-%d", len(h.readings)), nil
}

// Causes implements api.Readiness.
func (h *Hub) Causes(context.Context) []api.Cause { return h.Down }

func (h *Hub) note(event string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, event)
}

// Events returns what happened since the last call, in order: "grants", "ledger", "read", "push".
func (h *Hub) Events() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	events := h.events
	h.events = nil
	return events
}

// Readings returns the ledger.
func (h *Hub) Readings() []api.Reading {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.readings)
}

// Pushes returns what was pushed, with the number of records and without their content.
func (h *Hub) Pushes() []api.Push {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.pushes)
}
