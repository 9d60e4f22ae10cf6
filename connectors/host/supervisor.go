package host

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"datarun"
	"datarun/connectors"
)

// How the supervisor finds out that a process lives but does not answer.
const (
	pingEvery   = 5 * time.Second
	pingTimeout = 10 * time.Second
	pingsMissed = 3
)

// Supervisor keeps one connector process alive while Run runs, and is a connectors.Source that speaks to whichever
// process is alive. A call while the process is starting waits for it; while it is down it fails at once with the reason.
// A call during a crash fails with Unavailable.
type Supervisor struct {
	name     string
	command  Command
	settings json.RawMessage
	log      *slog.Logger

	pingEvery, pingTimeout time.Duration

	mu      sync.Mutex
	status  ProcessStatus
	source  connectors.Source // of the live process, nil when there is none
	err     error             // why there is none
	changed chan struct{}     // closed when source or err change
}

var _ connectors.Source = (*Supervisor)(nil)

// ProcessStatus is how a source's process is doing.
type ProcessStatus struct {
	State    State        `json:"state"`           // Starting, Running, Retrying, Stopped or Ended
	Since    time.Time    `json:"since"`           // of this state
	PID      int          `json:"pid,omitempty"`   // while running
	Starts   int          `json:"starts"`          // so far; above 1 it has failed before
	Kind     datarun.Kind `json:"kind,omitempty"`  // of the last error
	Error    string       `json:"error,omitempty"` // the last one, also after a successful restart
	FailedAt time.Time    `json:"failed_at,omitzero"`
}

// NewSupervisor makes the supervisor of one source. name is the source's, for logs and errors.
func NewSupervisor(name string, command Command, settings json.RawMessage, log *slog.Logger) *Supervisor {
	log = log.With("source", name)
	if command.Log == nil {
		command.Log = log
	}
	return &Supervisor{name: name, command: command.withDefaults(), settings: settings, log: log,
		pingEvery: pingEvery, pingTimeout: pingTimeout,
		status: ProcessStatus{State: Starting, Since: time.Now()}, changed: make(chan struct{})}
}

// Run keeps the process alive until ctx ends, then closes it and returns nil. When the command or the settings are
// Invalid it stops trying and returns that error: it stays wrong until somebody changes it.
func (s *Supervisor) Run(ctx context.Context) error {
	var wait backoff
	for {
		began := time.Now()
		err := s.live(ctx)
		if ctx.Err() != nil {
			s.set(Ended, nil, 0, datarun.Errorf(datarun.Unavailable, "source "+s.name, "the hub is stopping"))
			return nil //nolint:nilerr // whatever it was, it is over
		}
		if datarun.KindOf(err) == datarun.Invalid {
			s.log.Error("connector stopped until its settings change", "err", err)
			s.set(Stopped, nil, 0, err)
			return err
		}
		pause := wait.next(time.Since(began))
		s.log.Warn("connector is down", "err", err, "again_in", pause.Round(time.Millisecond))
		s.set(Retrying, nil, 0, err)
		if sleep(ctx, pause) {
			s.set(Starting, nil, 0, nil)
		}
	}
}

// live is one process from start to end.
func (s *Supervisor) live(ctx context.Context) error {
	s.mu.Lock()
	s.status.Starts++
	s.mu.Unlock()
	p, err := Launch(ctx, s.command)
	if err != nil {
		return err
	}
	configured, cancel := context.WithTimeout(ctx, s.command.StartTimeout)
	source, err := p.Configure(configured, s.settings)
	cancel()
	if err != nil {
		p.Kill()
		return err
	}
	s.set(Running, source, p.PID(), nil)
	err = s.watch(ctx, p)
	s.set(Retrying, nil, 0, err)
	if err != nil {
		p.Kill()
		return err
	}
	return p.Close()
}

// watch returns nil when ctx ends and an error when the process does, or stops answering.
func (s *Supervisor) watch(ctx context.Context, p *Process) error {
	beat := time.NewTicker(s.pingEvery)
	defer beat.Stop()
	for missed := 0; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-p.Done():
			return datarun.Errorf(datarun.Unavailable, s.command.op(), "the process ended: %s", p.Ending())
		case <-beat.C:
		}
		ping, cancel := context.WithTimeout(ctx, s.pingTimeout)
		err := p.Ping(ping)
		cancel()
		if err == nil {
			missed = 0
			continue
		}
		if missed++; missed >= pingsMissed && ctx.Err() == nil {
			return datarun.Errorf(datarun.Unavailable, s.command.op(), "the process did not answer %d times: %w", missed, err)
		}
	}
}

// set moves the state and wakes who waits for it.
func (s *Supervisor) set(state State, source connectors.Source, pid int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.source, s.err = source, err
	if s.status.State != state {
		s.status.State, s.status.Since = state, time.Now()
	}
	s.status.PID = pid
	if err != nil && state != Ended {
		s.status.Kind, s.status.Error, s.status.FailedAt = datarun.KindOf(err), err.Error(), time.Now()
	}
	close(s.changed)
	s.changed = make(chan struct{})
}

// Status returns how the process is doing now.
func (s *Supervisor) Status() ProcessStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

// current returns the live source, waits while it is starting, and says why there is none.
func (s *Supervisor) current(ctx context.Context) (connectors.Source, error) {
	for {
		s.mu.Lock()
		source, err, changed := s.source, s.err, s.changed
		s.mu.Unlock()
		if source != nil || err != nil {
			return source, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Check implements connectors.Source.
func (s *Supervisor) Check(ctx context.Context, streams []connectors.Stream) (connectors.Report, error) {
	source, err := s.current(ctx)
	if err != nil {
		return connectors.Report{}, err
	}
	return source.Check(ctx, streams)
}

// Discover implements connectors.Source.
func (s *Supervisor) Discover(ctx context.Context) ([]connectors.Draft, error) {
	source, err := s.current(ctx)
	if err != nil {
		return nil, err
	}
	return source.Discover(ctx)
}

// Read implements connectors.Source.
func (s *Supervisor) Read(ctx context.Context, stream connectors.Stream, position datarun.Position, emit func(datarun.Batch) error) error {
	source, err := s.current(ctx)
	if err != nil {
		return err
	}
	return source.Read(ctx, stream, position, emit)
}

// Ack implements connectors.Source.
func (s *Supervisor) Ack(ctx context.Context, stream connectors.Stream, position datarun.Position) error {
	source, err := s.current(ctx)
	if err != nil {
		return err
	}
	return source.Ack(ctx, stream, position)
}

// Close implements connectors.Source and does nothing: the process ends with Run's context.
func (s *Supervisor) Close() error { return nil }
