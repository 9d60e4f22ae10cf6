package e2e

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// process is a running datarun.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
	code int // valid once done is closed; -1 when a signal ended it
}

// start runs the binary with its output appended to the file log. The kernel kills it when this test binary ends: it
// does so when the thread that forked it ends, so one goroutine is locked to that thread until the process is over.
func start(t *testing.T, log, stdout string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(binary, args...), done: make(chan struct{})}
	p.cmd.Dir = filepath.Dir(log)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	p.cmd.Stderr, p.cmd.Stdout = appendTo(t, log), appendTo(t, stdout)
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		_ = p.cmd.Wait() // the state says how it ended
		p.code = p.cmd.ProcessState.ExitCode()
		close(p.done)
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	return p
}

func appendTo(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

func (p *process) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// kill ends the process as a power cut would, and returns when it is over.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.done
}

// stop asks the process to end and returns its exit code.
func (p *process) stop(t *testing.T, s syscall.Signal) int {
	t.Helper()
	began := time.Now()
	p.signal(s)
	select {
	case <-p.done:
	case <-time.After(40 * time.Second):
		p.signal(syscall.SIGQUIT) // the stacks go to its standard error
		<-p.done
		t.Errorf("did not end within 40 s of %s", s)
	}
	t.Logf("%s: exit %d after %s", s, p.code, time.Since(began).Round(time.Millisecond))
	return p.code
}

// result is how a command ended.
type result struct {
	out, err string
	code     int
}

// command runs the binary to its end.
func command(t *testing.T, env []string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("datarun %v: %v\n%s", args, err, errs.String())
	}
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// proc is a line of the process table.
type proc struct {
	pid, ppid int
	args      []string
}

func (p proc) String() string { return strconv.Itoa(p.pid) + ": " + strings.Join(p.args, " ") }

// ours are the running processes of the binary, and those whose command line names dir, unless that is empty. What is a
// process of this test cannot be told from its parent: an orphan has another.
func ours(dir string) []proc {
	var found []proc
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, d := range dirs {
		exe, _ := os.Readlink(filepath.Join(d, "exe"))
		line, _ := os.ReadFile(filepath.Join(d, "cmdline"))
		pid, _ := strconv.Atoi(filepath.Base(d))
		if strings.TrimSuffix(exe, " (deleted)") != binary && (dir == "" || !bytes.Contains(line, []byte(dir))) || pid == os.Getpid() {
			continue
		}
		stat, _ := os.ReadFile(filepath.Join(d, "stat"))
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(fields) < 2 || fields[0] == "Z" {
			continue // it ended while we looked, or waits for its parent to notice
		}
		ppid, _ := strconv.Atoi(fields[1])
		found = append(found, proc{pid, ppid, strings.Split(strings.TrimRight(string(line), "\x00"), "\x00")})
	}
	return found
}

// child returns the process below ppid whose command line holds all words.
func child(ppid int, words ...string) (proc, bool) {
next:
	for _, p := range ours("") {
		line := strings.Join(p.args, " ")
		for _, w := range words {
			if !strings.Contains(line, w) {
				continue next
			}
		}
		if p.ppid == ppid {
			return p, true
		}
	}
	return proc{}, false
}

// noneLeft fails the test when processes are left that belong to dir or are the hub's, and ends them.
func noneLeft(t *testing.T, dir string) {
	t.Helper()
	if await(10*time.Second, func() bool { return len(ours(dir)) == 0 }) == nil {
		return
	}
	for _, p := range ours(dir) {
		t.Errorf("left behind: %s", p)
		_ = syscall.Kill(p.pid, syscall.SIGKILL)
	}
}
