package app

import (
	"context"
	"sort"
	"sync"

	"datarun"
	"datarun/connectors/host"
	"datarun/portal/api"
)

// health knows which parts of the hub do not work, and why. It is safe for concurrent use.
type health struct {
	mu     sync.Mutex
	causes map[string]string
}

// set notes the state of a part: an error is a cause, nil clears it. What is shown is the kind and the place; the
// text of a driver could hold an address.
func (h *health) set(part string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil {
		delete(h.causes, part)
		return
	}
	if h.causes == nil {
		h.causes = map[string]string{}
	}
	h.causes[part] = publicDetail(err)
}

// publicDetail says what is wrong without saying where or with whom.
func publicDetail(err error) string {
	switch datarun.KindOf(err) {
	case datarun.Unavailable:
		return "does not answer"
	case datarun.Denied:
		return "refuses the hub's credentials"
	case datarun.Conflict:
		return "is not as the directory wants it; see the hub's log"
	case datarun.Corrupt:
		return "holds bytes that do not add up; see the hub's log"
	case datarun.Invalid:
		return "has wrong settings; see the hub's log"
	}
	return "failed; see the hub's log"
}

// Causes are the parts that do not work; the hub serves the others all the same.
func (h *health) Causes(context.Context) []api.Cause {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]api.Cause, 0, len(h.causes))
	for part, detail := range h.causes {
		out = append(out, api.Cause{Part: part, Detail: detail, Serving: true})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Part < out[j].Part })
	return out
}

// readiness is what the portal says of the hub: Kafka or ClickHouse when they do not answer, the parts that do not work,
// and the sources and streams that stopped until somebody mends them. A source that is tried again by itself is in the
// metrics.
type readiness struct{ *Hub }

// Causes implements api.Readiness.
func (r readiness) Causes(ctx context.Context) []api.Cause {
	out := append(r.health.Causes(ctx), r.pulse.feel(r.Hub)...)
	stopped := func(part string, kind datarun.Kind) {
		out = append(out, api.Cause{Part: part, Detail: "stopped: " + publicDetail(datarun.Errorf(kind, part, "stopped")), Serving: true})
	}
	for _, s := range r.sourceStatuses() {
		if s.Process.State == host.Stopped {
			stopped("source "+s.Source, s.Process.Kind)
		}
		for _, st := range s.Streams {
			if st.State == host.Stopped {
				stopped("source "+s.Source+", stream "+st.Stream, st.Kind)
			}
		}
	}
	return out
}
