package host

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"

	"datarun/connectors"
)

// Plan is one source: the connector that reads it, how it is set up, and its streams.
type Plan struct {
	Source   string          // its name, under which positions are kept; unique in the hub
	Command  Command         // of the connector
	Settings json.RawMessage // of the connector, secrets in clear: they cross the wire and go nowhere else
	Streams  []StreamPlan
}

// Runner runs one source with all of its streams: one process, one pump per stream.
type Runner struct {
	supervisor *Supervisor
	pumps      []*Pump
}

// SourceStatus is how a source is doing.
type SourceStatus struct {
	Source  string        `json:"source"`
	Process ProcessStatus `json:"process"`
	Streams []Status      `json:"streams"`
}

// NewRunner makes the runner of one source. budget is shared by all runners of the hub.
func NewRunner(plan Plan, taker Taker, positions Positions, budget *Budget, log *slog.Logger) *Runner {
	r := &Runner{supervisor: NewSupervisor(plan.Source, plan.Command, plan.Settings, log)}
	for _, s := range plan.Streams {
		r.pumps = append(r.pumps, NewPump(plan.Source, r.supervisor, s, taker, positions, budget, log))
	}
	return r
}

// Run blocks until ctx ends and then until pumps and process have. It returns nil: what went wrong with a source is in
// its status, and is no reason for the hub to stop.
func (r *Runner) Run(ctx context.Context) error {
	var pumps sync.WaitGroup
	for _, p := range r.pumps {
		pumps.Go(func() { _ = p.Run(ctx) })
	}
	// The process outlives the pumps, which still ack what they saved last.
	alive, stop := context.WithCancel(context.WithoutCancel(ctx))
	var process sync.WaitGroup
	process.Go(func() { _ = r.supervisor.Run(alive) })
	<-ctx.Done()
	pumps.Wait()
	stop()
	process.Wait()
	return nil
}

// Source speaks to the running process, for check and discover.
func (r *Runner) Source() connectors.Source { return r.supervisor }

// Status returns how the source and its streams are doing now.
func (r *Runner) Status() SourceStatus {
	s := SourceStatus{Source: r.supervisor.name, Process: r.supervisor.Status()}
	for _, p := range r.pumps {
		s.Streams = append(s.Streams, p.Status())
	}
	return s
}
