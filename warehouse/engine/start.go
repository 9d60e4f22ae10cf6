package engine

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"datarun"
	"datarun/warehouse"
)

// startTimeout is the longest an engine may take to answer. A cold disk and a library of 566 MB are slow.
const startTimeout = 60 * time.Second

// Engine is a running engine.
type Engine struct {
	config   Config // with the ports that were chosen
	password warehouse.Secret
	child    *child
}

// Start starts an engine on c.Dir and returns when it answers on the native protocol. Another engine that still holds
// the directory is waited for. The engine ends with Stop, or with this process, however it ends; ctx is for the start.
func Start(ctx context.Context, c Config) (*Engine, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	program, err := FindOrFetch(ctx, c.Program, c.Progress)
	if err != nil {
		return nil, err
	}
	if err := c.complete(program); err != nil {
		return nil, err
	}
	held, err := hold(ctx, filepath.Join(c.Dir, "lock"))
	if err != nil {
		return nil, err
	}
	defer held.Close() // the child has its own copy from now on, so the lock lasts as long as the child
	password, err := prepare(generated{Dir: c.Dir, TCPPort: c.TCPPort, HTTPPort: c.HTTPPort, Memory: c.Memory,
		Pool: max(2, min(runtime.NumCPU(), 16)), Library: program.Library})
	if err != nil {
		return nil, err
	}
	child, err := spawn(command(c, program), held, filepath.Join(c.Dir, "engine.log"))
	if err != nil {
		return nil, err
	}
	e := &Engine{config: c, password: password, child: child}
	if err := e.await(ctx); err != nil {
		e.child.kill()
		<-e.Done()
		return nil, err
	}
	c.Logger.Info("engine is up", "addr", e.Addr(), "pid", child.cmd.Process.Pid)
	return e, nil
}

// complete fills in the defaults: absolute directory, free ports, memory, host command.
func (c *Config) complete(program Program) error {
	dir, err := filepath.Abs(c.Dir)
	if c.Dir == "" || err != nil {
		return datarun.Errorf(datarun.Invalid, "engine: start", "no directory")
	}
	c.Dir = dir
	if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
		return datarun.Errorf(datarun.Unavailable, "engine: start", "%w", err)
	}
	for _, port := range []*int{&c.TCPPort, &c.HTTPPort} {
		if *port == 0 {
			if *port, err = freePort(); err != nil {
				return err
			}
		}
	}
	if c.Memory == 0 {
		c.Memory = machineMemory() * 2 / 5
	}
	if program.Library && len(c.Host) == 0 {
		self, err := os.Executable()
		if err != nil {
			return datarun.Errorf(datarun.Internal, "engine: start", "own binary: %w", err)
		}
		c.Host = []string{self, HostCommand}
	}
	return nil
}

// command is the child's command line.
func command(c Config, program Program) []string {
	if !program.Library {
		argv := []string{program.Path}
		if filepath.Base(program.Path) == "clickhouse" {
			argv = append(argv, "server")
		}
		return append(argv, "--config-file", filepath.Join(c.Dir, "config.xml"))
	}
	return append(append([]string{}, c.Host...), program.Path, c.Dir, strconv.Itoa(c.TCPPort), strconv.Itoa(c.HTTPPort))
}

// freePort asks the system for a port that nobody listens on. Somebody else may take it before the engine does; then
// the engine dies at once and Start says so.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, datarun.Errorf(datarun.Unavailable, "engine: start", "free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// await waits until the engine answers a query of the user with the password.
func (e *Engine) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		db, err := warehouse.Open(ctx, e.Access())
		if err == nil {
			return db.Close()
		}
		if datarun.KindOf(err) == datarun.Denied {
			return datarun.Wrap("engine: start", err)
		}
		select {
		case <-e.Done():
			return datarun.Errorf(datarun.Unavailable, "engine: start", "the engine ended (%w); its words are in %s", e.Err(), e.child.log.path)
		case <-ctx.Done():
			return datarun.Errorf(datarun.Unavailable, "engine: start", "no answer within %s; its words are in %s", startTimeout, e.child.log.path)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Access is how to speak to the engine: for warehouse.Open.
func (e *Engine) Access() warehouse.Config {
	return warehouse.Config{Addr: []string{e.Addr()}, User: User, Password: e.password}
}

// Addr is host:port of the native protocol.
func (e *Engine) Addr() string { return fmt.Sprintf("127.0.0.1:%d", e.config.TCPPort) }

// HTTPAddr is host:port of the HTTP protocol, for dashboards on this machine.
func (e *Engine) HTTPAddr() string { return fmt.Sprintf("127.0.0.1:%d", e.config.HTTPPort) }

// PID is the process id of the engine.
func (e *Engine) PID() int { return e.child.cmd.Process.Pid }

// Done is closed when the engine has ended, for whatever reason.
func (e *Engine) Done() <-chan struct{} { return e.child.done }

// Err says how the engine ended. Nil while it runs, and after a Stop that it obeyed.
func (e *Engine) Err() error {
	select {
	case <-e.Done():
		return e.child.err
	default:
		return nil
	}
}

// Stop asks the engine to end and kills it when ctx ends first. It may be called more than once.
func (e *Engine) Stop(ctx context.Context) error {
	e.child.ask()
	select {
	case <-e.Done():
		return nil
	case <-ctx.Done():
		e.child.kill()
		<-e.Done()
		return datarun.Errorf(datarun.Unavailable, "engine: stop", "had to be killed: %w", ctx.Err())
	}
}
