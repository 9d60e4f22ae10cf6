package engine

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
	"syscall"

	"datarun"
)

// child is the engine's process.
type child struct {
	cmd   *exec.Cmd
	stdin io.Closer // the library serves until this closes, be it by the death of this process
	log   *boundedLog
	asked atomic.Bool
	done  chan struct{}
	err   error // valid after done
}

// spawn starts argv with held as its descriptor 3.
//
// The thread that started a process must live as long as the process, or the kernel's parent-death signal comes when
// the Go runtime retires the thread. So one goroutine, locked to its thread, starts the child and waits for it.
func spawn(argv []string, held *os.File, logPath string) (*child, error) {
	c := &child{cmd: exec.Command(argv[0], argv[1:]...), done: make(chan struct{})} //nolint:noctx // it outlives the start; stop ends it
	log, err := openLog(logPath, func() { _ = c.cmd.Process.Kill() })
	if err != nil {
		return nil, err
	}
	c.log = log
	c.cmd.Stdout, c.cmd.Stderr = log, log
	c.cmd.ExtraFiles = []*os.File{held}
	c.cmd.Env = environment()
	c.cmd.SysProcAttr = dieWithParent()
	stdin, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, datarun.Errorf(datarun.Internal, "engine: start", "%w", err)
	}
	c.stdin = stdin
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := c.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		c.finish(c.cmd.Wait())
	}()
	if err := <-started; err != nil {
		log.Close()
		return nil, datarun.Errorf(datarun.Unavailable, "engine: start", "%w", err)
	}
	return c, nil
}

func (c *child) finish(err error) {
	c.log.Close()
	switch {
	case c.asked.Load():
		err = nil
	case err == nil:
		err = errors.New("exit status 0")
	}
	if err != nil {
		c.err = datarun.Errorf(datarun.Unavailable, "engine", "ended by itself: %w", err)
	}
	close(c.done)
}

// ask tells the engine to end: the library by closing its standard input, the program by a signal, either by both.
func (c *child) ask() {
	if c.asked.CompareAndSwap(false, true) {
		c.stdin.Close()
		_ = c.cmd.Process.Signal(syscall.SIGTERM)
	}
}

func (c *child) kill() {
	c.asked.Store(true)
	_ = c.cmd.Process.Kill()
}

// environment passes on what a program needs to run and nothing that could be a secret of the hub's.
func environment() []string {
	var env []string
	for _, name := range []string{"PATH", "HOME", "LANG", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", EnvHost} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}
