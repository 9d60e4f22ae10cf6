package app

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"

	"datarun"
	"datarun/connectors"
	"datarun/connectors/host"
	"datarun/internal/config"
)

// runConnectors keeps a connector process per source, and starts one anew when an entry that it feeds has changed.
func (h *Hub) runConnectors(ctx context.Context, ready func()) error {
	budget := host.NewBudget(host.DefaultBudget)
	var sources sync.WaitGroup
	for i := range h.cfg.Sources {
		sources.Go(func() { h.runSource(ctx, &h.cfg.Sources[i], budget) })
	}
	ready()
	<-ctx.Done()
	sources.Wait()
	return nil
}

// runSource runs one source until ctx ends, again with every version of the entries it feeds.
func (h *Hub) runSource(ctx context.Context, src *config.Source, budget *host.Budget) {
	for ctx.Err() == nil {
		changed := h.flows.change()
		versions := h.versions(src)
		plan, err := SourcePlan(src, h.flows.resource)
		h.health.set("source "+src.Name, err)
		if err != nil {
			h.log.Error("source is not started", "source", src.Name, "err", err)
		}
		runCtx, cancel := context.WithCancel(ctx)
		done := make(chan struct{})
		go func() {
			defer close(done)
			if err == nil && len(plan.Streams) > 0 {
				h.runPlan(runCtx, plan, budget)
			}
		}()
		for ctx.Err() == nil && maps.Equal(versions, h.versions(src)) {
			select {
			case <-ctx.Done():
			case <-changed:
				changed = h.flows.change()
			}
		}
		cancel()
		<-done
	}
}

func (h *Hub) runPlan(ctx context.Context, plan host.Plan, budget *host.Budget) {
	r := host.NewRunner(plan, h.intake, h.positions, budget, h.log)
	h.mu.Lock()
	h.runners[plan.Source] = r
	h.mu.Unlock()
	_ = r.Run(ctx) // what went wrong is in its status
}

// sourceStatuses are the sources that run, by name.
func (h *Hub) sourceStatuses() []host.SourceStatus {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []host.SourceStatus
	for _, name := range slices.Sorted(maps.Keys(h.runners)) {
		out = append(out, h.runners[name].Status())
	}
	return out
}

// versions are the versions of the entries a source feeds, of those that can be published now.
func (h *Hub) versions(src *config.Source) map[string]int {
	out := map[string]int{}
	for _, s := range src.Streams {
		if f := h.flows.get(datarun.ResourceCode(s.Resource)); f != nil {
			out[s.Resource] = f.version
		}
	}
	return out
}

// SourcePlan is what the host runs for a source: its command, its settings with secrets resolved, and the streams whose
// resources entry knows, with their items. With a nil entry all streams go, without items.
func SourcePlan(src *config.Source, entry func(datarun.ResourceCode) *datarun.Resource) (host.Plan, error) {
	plan := host.Plan{Source: src.Name}
	var err error
	if plan.Command, err = SourceCommand(src); err != nil {
		return plan, err
	}
	resolved, err := config.ResolveSettings(src.Settings)
	if err != nil {
		return plan, datarun.Wrap("source "+src.Name, err)
	}
	if plan.Settings, err = marshal(resolved); err != nil {
		return plan, err
	}
	for _, st := range src.Streams {
		s, ok, err := sourceStream(st, entry)
		if err != nil {
			return plan, datarun.Wrap("source "+src.Name, err)
		}
		if ok {
			plan.Streams = append(plan.Streams, host.StreamPlan{Stream: s, Poll: src.Poll})
		}
	}
	return plan, nil
}

// sourceStream is the stream as the connector sees it; ok is false when entry does not know its resource.
func sourceStream(st config.Stream, entry func(datarun.ResourceCode) *datarun.Resource) (s connectors.Stream, ok bool, err error) {
	s = connectors.Stream{Name: st.Name, Resource: datarun.ResourceCode(st.Resource), Object: st.Object}
	if st.Options != nil {
		if s.Options, err = marshal(st.Options); err != nil {
			return s, false, err
		}
	}
	if entry == nil {
		return s, true, nil
	}
	res := entry(s.Resource)
	if res == nil {
		return s, false, nil
	}
	s.Items, s.Key = res.Items, res.Key
	return s, true, nil
}

// SourceCommand is how a source's connector is started: this binary again for a built-in one.
func SourceCommand(src *config.Source) (host.Command, error) {
	if src.Command.Path != "" {
		return host.Command{Name: src.Name, Path: src.Command.Path, Args: src.Command.Args, SHA256: src.Command.SHA256}, nil
	}
	if _, ok := FindBuiltin(src.Connector); !ok {
		return host.Command{}, datarun.Errorf(datarun.Invalid, "source "+src.Name, "no connector is named %q; datarun connector list shows them", src.Connector)
	}
	return host.Self(src.Connector, "connector", "serve", src.Connector)
}

func marshal(v any) (json.RawMessage, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, datarun.Errorf(datarun.Invalid, "settings", "%w", err)
	}
	return b, nil
}
