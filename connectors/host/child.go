package host

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-plugin/runner"

	"datarun"
	"datarun/connectors/wire"
)

// pipeWait is how long the pipes of an ended process are still read: a grandchild that inherited them must not keep the
// hub waiting.
const pipeWait = 2 * time.Second

// child is one process, as go-plugin wants to see it. go-plugin's own runner lets the child have the hub's stdin, knows
// no parent-death signal and waits for pipes without limit.
type child struct {
	cmd    *exec.Cmd
	lines  *lineLog
	stdin  *os.File // held open for the child's life: it closes when the hub ends
	stdout *os.File
	stderr *os.File
	exited chan struct{}
	err    error // how it ended; valid once exited is closed

	mu     sync.Mutex
	killed bool
}

var _ runner.Runner = (*child)(nil)

// newChild prepares a process. go-plugin adds to the environment.
func newChild(c Command, path string) *child {
	called := path
	if c.self != "" {
		called = c.self // what ps shows
	}
	cmd := &exec.Cmd{Path: path, Args: append([]string{called}, c.Args...), Env: append(c.environment(), wire.WatchStdinEnv+"=1")}
	cmd.SysProcAttr = childAttr()
	return &child{cmd: cmd, lines: newLineLog(c.Log.With("connector", c.Name)), exited: make(chan struct{})}
}

// Start implements runner.Runner.
func (c *child) Start(context.Context) error {
	var theirs [3]*os.File
	err := c.pipes(&theirs)
	if err == nil {
		started := make(chan error)
		go c.live(started)
		err = <-started
	} else {
		close(c.exited)
	}
	for _, f := range theirs {
		if f != nil {
			_ = f.Close()
		}
	}
	if err != nil {
		c.closePipes()
		return err
	}
	go func() { _, _ = io.Copy(c.lines, throttle(c.stderr)) }()
	return nil
}

func (c *child) pipes(theirs *[3]*os.File) (err error) {
	if theirs[0], c.stdin, err = os.Pipe(); err != nil {
		return err
	}
	if c.stdout, theirs[1], err = os.Pipe(); err != nil {
		return err
	}
	if c.stderr, theirs[2], err = os.Pipe(); err != nil {
		return err
	}
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = theirs[0], theirs[1], theirs[2]
	return nil
}

// live starts the process and waits for its end on one thread: Linux sends the parent-death signal when the thread that
// forked ends, and Go ends threads of its own accord.
func (c *child) live(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := c.launch()
	if err != nil {
		c.err = err
		close(c.exited)
		started <- err
		return
	}
	started <- nil
	c.err = c.cmd.Wait()
	killGroup(c.cmd.Process.Pid)
	close(c.exited)
	time.AfterFunc(pipeWait, c.closePipes)
}

func (c *child) launch() error {
	for try := 0; ; try++ {
		c.mu.Lock()
		if c.killed {
			c.mu.Unlock()
			return context.Canceled
		}
		err := c.cmd.Start()
		c.mu.Unlock()
		// Another goroutine may have forked while the copy was open for writing, and its child holds it until it execs.
		if !errors.Is(err, syscall.ETXTBSY) || try == 20 {
			return err
		}
		time.Sleep(time.Duration(try) * time.Millisecond)
		c.cmd = &exec.Cmd{Path: c.cmd.Path, Args: c.cmd.Args, Env: c.cmd.Env, SysProcAttr: c.cmd.SysProcAttr,
			Stdin: c.cmd.Stdin, Stdout: c.cmd.Stdout, Stderr: c.cmd.Stderr}
	}
}

func (c *child) closePipes() {
	for _, f := range []*os.File{c.stdin, c.stdout, c.stderr} {
		if f != nil {
			_ = f.Close()
		}
	}
}

// Kill implements runner.Runner.
func (c *child) Kill(context.Context) error { return c.kill() }

// kill ends the process at once; before Start it forbids it.
func (c *child) kill() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.killed = true
	if c.cmd.Process == nil {
		return nil
	}
	if err := c.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// Wait implements runner.Runner.
func (c *child) Wait(ctx context.Context) error {
	select {
	case <-c.exited:
		return c.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Stdout implements runner.Runner: go-plugin reads the handshake from it and discards the rest.
func (c *child) Stdout() io.ReadCloser { return throttle(c.stdout) }

// Stderr implements runner.Runner. go-plugin would parse every line as JSON; the child drains its own.
func (c *child) Stderr() io.ReadCloser { return io.NopCloser(strings.NewReader("")) }

// Name implements runner.Runner.
func (c *child) Name() string { return c.cmd.Path }

// ID implements runner.Runner.
func (c *child) ID() string { return strconv.Itoa(c.pid()) }

func (c *child) pid() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cmd.Process == nil {
		return 0
	}
	return c.cmd.Process.Pid
}

// Diagnose implements runner.Runner.
func (c *child) Diagnose(context.Context) string { return "" }

// PluginToHost implements runner.Runner: the hub connects to nothing but this machine.
func (c *child) PluginToHost(network, address string) (string, string, error) {
	if network == "unix" {
		return network, address, nil
	}
	if a, err := net.ResolveTCPAddr("tcp", address); network == "tcp" && err == nil && a.IP.IsLoopback() {
		return network, address, nil
	}
	return "", "", datarun.Errorf(datarun.Invalid, "connector", "the handshake names an address that is not a socket of this machine")
}

// HostToPlugin implements runner.Runner.
func (c *child) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
