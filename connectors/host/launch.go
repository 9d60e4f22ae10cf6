package host

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"

	"datarun"
	"datarun/connectors"
	"datarun/connectors/wire"
)

// endWait is how long a process may take to end by itself once it was asked to.
const endWait = 2 * time.Second

// Process is one connector process that has answered. It runs until Close, Kill or its own end.
type Process struct {
	command Command
	dir     *private // the copy of the executable, and the socket
	child   *child
	plugin  *plugin.Client
	client  *wire.Client
	about   connectors.Connector
	once    sync.Once
}

// Launch starts a connector process and returns once it has answered. When ctx ends before that the process is killed;
// afterwards ctx means nothing to it. Invalid: the executable cannot be run or is not the one that the checksum names.
// Internal: it does not speak the protocol. Unavailable: it ended, or was silent, before it answered.
func Launch(ctx context.Context, command Command) (*Process, error) {
	command = command.withDefaults()
	dir, err := makePrivate(command.CopyDir)
	if err != nil {
		return nil, err
	}
	path, err := command.executable(dir.path)
	if err != nil {
		dir.remove()
		return nil, err
	}
	p := &Process{command: command, dir: dir}
	p.child = newChild(command, path)
	if err := p.start(ctx); err != nil {
		p.Kill()
		return nil, err
	}
	return p, nil
}

func (p *Process) start(parent context.Context) error {
	ctx, cancel := context.WithTimeout(parent, p.command.StartTimeout)
	defer cancel()
	// go-plugin waits under a lock and without a context; ending the process is what unblocks it.
	stop := context.AfterFunc(ctx, func() { _ = p.child.kill() })
	defer stop()

	p.plugin = plugin.NewClient(p.config())
	err := p.connect(ctx)
	switch {
	case err == nil:
		return nil
	case parent.Err() != nil:
		return parent.Err()
	case ctx.Err() != nil:
		return datarun.Errorf(datarun.Unavailable, p.command.op(), "it did not answer within %s of its start", p.command.StartTimeout)
	}
	return p.startError(err)
}

func (p *Process) connect(ctx context.Context) error {
	protocol, err := p.plugin.Client()
	if err != nil {
		return err
	}
	dispensed, err := protocol.Dispense(wire.PluginName)
	if err != nil {
		return err
	}
	p.client = dispensed.(*wire.Client)
	p.about, err = p.client.Describe(ctx)
	return err
}

func (p *Process) config() *plugin.ClientConfig {
	said := newLineLog(p.command.Log.With("connector", p.command.Name))
	return &plugin.ClientConfig{
		HandshakeConfig:  wire.Handshake,
		Plugins:          wire.Plugins(connectors.Connector{}),
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         true,
		SkipHostEnv:      true,
		StartTimeout:     p.command.StartTimeout + time.Minute, // start's own is shorter and also covers what follows
		Logger:           hclog.NewNullLogger(),                // its errors come back to us
		SyncStdout:       said,
		SyncStderr:       said,
		GRPCDialOptions:  wire.DialOptions(),
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: p.dir.sockets()},
		RunnerFunc: func(_ hclog.Logger, cmd *exec.Cmd, _ string) (runner.Runner, error) {
			p.child.cmd.Env = append(p.child.cmd.Env, cmd.Env...) // the cookie and the certificate
			return p.child, nil
		},
	}
}

// startError says what went wrong in our words: go-plugin's may quote what the process printed, which could be anything.
func (p *Process) startError(err error) error {
	op := p.command.op()
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.ENOEXEC) {
		return datarun.Errorf(datarun.Invalid, op, "start: %w", err)
	}
	text := err.Error()
	switch {
	case strings.Contains(text, "Failed to read any lines"), strings.Contains(text, "plugin exited before"):
		if p.child.hasExited(pipeWait) && strings.Contains(p.child.ending(), "killed") {
			// It was alive when go-plugin gave up: a line without end.
			return datarun.Errorf(datarun.Internal, op, "handshake: what it printed first is not the line that a connector prints")
		}
		return datarun.Errorf(datarun.Unavailable, op, "it ended before it answered: %s", p.child.ending())
	case strings.Contains(text, "ncompatible API version"):
		return datarun.Errorf(datarun.Invalid, op, "handshake: it speaks another version of the protocol, this hub speaks %d", wire.Handshake.ProtocolVersion)
	case strings.HasPrefix(text, "Unrecognized remote plugin message"), strings.Contains(text, "unsupported plugin protocol"), strings.Contains(text, "error parsing"):
		return datarun.Errorf(datarun.Internal, op, "handshake: what it printed first is not the line that a connector prints")
	case p.child.hasExited(0):
		return datarun.Errorf(datarun.Unavailable, op, "it ended before it answered: %s", p.child.ending())
	}
	return datarun.Wrap(op+": handshake", err)
}

// About returns the connector's name, summary and help. Its New is nil.
func (p *Process) About() connectors.Connector { return p.about }

// PID is the process's id, for logs and status.
func (p *Process) PID() int { return p.child.pid() }

// Configure makes the process's one source; a second call fails with Conflict. Closing the source does not end the
// process.
func (p *Process) Configure(ctx context.Context, settings json.RawMessage) (connectors.Source, error) {
	if err := p.client.Configure(ctx, settings); err != nil {
		return nil, err
	}
	return p.client, nil
}

// Ping asks whether the process answers.
func (p *Process) Ping(ctx context.Context) error { return p.client.Ping(ctx) }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.child.exited }

// Ending says how the process ended: "exit status 2", "signal: killed". Empty while it runs.
func (p *Process) Ending() string {
	if !p.child.hasExited(0) {
		return ""
	}
	return p.child.ending()
}

// Close closes the source, asks the process to end, and kills it when it does not within seconds.
func (p *Process) Close() error {
	var err error
	if !p.child.hasExited(0) {
		err = p.client.Close()
	}
	p.end(endWait)
	return err
}

// Kill ends the process at once. It returns when the process is gone and what it left on disk is removed.
func (p *Process) Kill() {
	_ = p.child.kill()
	p.end(0)
}

func (p *Process) end(wait time.Duration) {
	p.once.Do(func() {
		// go-plugin asks for a shutdown without limit; a process that hangs would keep it for ever.
		watchdog := time.AfterFunc(wait, func() { _ = p.child.kill() })
		p.plugin.Kill()
		watchdog.Stop()
		_ = p.child.kill()
		p.dir.remove()
	})
}

func (c *child) hasExited(wait time.Duration) bool {
	select {
	case <-c.exited:
		return true
	default:
	}
	if wait <= 0 {
		return false
	}
	select {
	case <-c.exited:
		return true
	case <-time.After(wait):
		return false
	}
}

func (c *child) ending() string {
	select {
	case <-c.exited:
	default:
		return "still running"
	}
	if c.err == nil {
		return "exit status 0"
	}
	return c.err.Error()
}
