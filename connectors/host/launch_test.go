package host_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"datarun"
	"datarun/connectors"
	"datarun/connectors/conntest"
	"datarun/connectors/host"
)

func sum(path string) string {
	b, _ := os.ReadFile(path)
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// processState is the letter that the kernel gives a process, empty when there is none.
func processState(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		if syscall.Kill(pid, 0) == syscall.ESRCH {
			return ""
		}
		return "?"
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	return after[:1]
}

// gone waits until no process has the id, a zombie not counting.
func gone(t *testing.T, pid int) {
	t.Helper()
	await(t, fmt.Sprintf("process %d is gone", pid), func() bool { s := processState(pid); return s == "" || s == "Z" })
}

// await polls until ok.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for began := time.Now(); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > 2*time.Minute {
			t.Fatalf("never: %s", what)
		}
	}
}

func launch(t *testing.T, c host.Command) *host.Process {
	t.Helper()
	p, err := host.Launch(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

func configure(t *testing.T, c host.Command) (*host.Process, connectors.Source) {
	t.Helper()
	p := launch(t, c)
	s, err := p.Configure(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return p, s
}

func TestLaunchAndClose(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	if err := conntest.AppendJournal(path, datarun.Upsert, `{"id":1}`, `{"id":2}`); err != nil {
		t.Fatal(err)
	}
	settings, _ := json.Marshal(map[string]string{"path": path})
	p := launch(t, role(t, "journal"))
	if p.About().Name != "journal" || p.About().Help == "" {
		t.Errorf("about: %+v", p.About())
	}
	s, err := p.Configure(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Configure(t.Context(), settings); datarun.KindOf(err) != datarun.Conflict {
		t.Errorf("configured twice: %v", err)
	}
	n := 0
	if err := s.Read(t.Context(), conntest.MemoryStream, nil, func(b datarun.Batch) error { n += len(b.Records); return nil }); err != nil || n != 2 {
		t.Errorf("read %d: %v", n, err)
	}
	if err := p.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	pid := p.PID()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	gone(t, pid)
	if p.Ending() != "exit status 0" {
		t.Errorf("a connector that was asked to end ended with %q", p.Ending())
	}
}

func TestSelfRunsTheHub(t *testing.T) {
	c, err := host.Self("journal", "be", "journal")
	if err != nil {
		t.Fatal(err)
	}
	if p := launch(t, c); p.About().Name != "journal" {
		t.Errorf("about: %+v", p.About())
	}
}

func TestBadStart(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]datarun.Kind{
		"garbage": datarun.Internal, "endless line": datarun.Internal, "netrpc": datarun.Internal,
		"half line": datarun.Unavailable, "silent": datarun.Unavailable, "deaf": datarun.Unavailable,
		"dies": datarun.Unavailable, "line and dies": datarun.Unavailable, "no socket": datarun.Unavailable,
		"old": datarun.Invalid, "far away": datarun.Invalid,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := role(t, name)
			c.StartTimeout = 2 * time.Second
			c.CopyDir = t.TempDir()
			p, err := host.Launch(t.Context(), c)
			if err == nil {
				p.Kill()
				t.Fatal("launched")
			}
			if datarun.KindOf(err) != want || !strings.HasPrefix(err.Error(), "connector "+name) {
				t.Errorf("got %v (%v), want %v", err, datarun.KindOf(err), want)
			}
			if strings.Contains(err.Error(), "Usage") || strings.Contains(err.Error(), "xxx") {
				t.Errorf("the error repeats what was printed: %v", err)
			}
			if left, _ := os.ReadDir(c.CopyDir); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestLaunchCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := host.Launch(ctx, role(t, "silent")); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}

func TestExecutableIsChecked(t *testing.T) {
	good := role(t, "journal")
	missing := filepath.Join(t.TempDir(), "missing")
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("no program"), 0o700); err != nil {
		t.Fatal(err)
	}
	tests := map[string]host.Command{
		"no checksum":    {Path: good.Path, Args: good.Args},
		"wrong checksum": {Path: good.Path, Args: good.Args, SHA256: strings.Repeat("0", 64)},
		"half checksum":  {Path: good.Path, Args: good.Args, SHA256: good.SHA256[:32]},
		"relative path":  {Path: "./datarun", SHA256: good.SHA256},
		"no file":        {Path: missing, SHA256: good.SHA256},
		"no program":     {Path: text, SHA256: sum(text)},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			if p, err := host.Launch(t.Context(), c); datarun.KindOf(err) != datarun.Invalid {
				t.Errorf("got %v", err)
				if p != nil {
					p.Kill()
				}
			}
		})
	}
}

// The file may be swapped after the check: what runs is the copy that was checked.
func TestCopyIsRun(t *testing.T) {
	self := role(t, "journal")
	path := filepath.Join(t.TempDir(), "connector")
	b, err := os.ReadFile(self.Path)
	if err == nil {
		err = os.WriteFile(path, b, 0o700)
	}
	if err != nil {
		t.Fatal(err)
	}
	c := self
	c.Path = path
	p := launch(t, c)
	running, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", p.PID()))
	if err != nil {
		t.Skip("no /proc")
	}
	if running == path {
		t.Error("the file itself is running")
	}
	p.Kill()
	if _, err := os.Stat(filepath.Dir(running)); !os.IsNotExist(err) {
		t.Errorf("the copy is left behind: %v", err)
	}
}

func TestEnvironmentIsClean(t *testing.T) {
	t.Setenv("DATARUN_SECRET", "hunter2")
	c := role(t, "environment")
	c.Env = []string{"FOR_THIS_ONE=yes"}
	_, s := configure(t, c)
	var env []string
	if err := s.Read(t.Context(), connectors.Stream{}, nil, func(b datarun.Batch) error {
		return json.Unmarshal(b.Records[0].Data, &env)
	}); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(env, "\n")
	if strings.Contains(got, "hunter2") || !strings.Contains(got, "FOR_THIS_ONE=yes") || !strings.Contains(got, "PATH=") {
		t.Errorf("the connector sees:\n%s", got)
	}
}

func TestBadRead(t *testing.T) {
	for name, want := range map[string]datarun.Kind{
		"crashes": datarun.Unavailable, "panics": datarun.Unavailable, "oversized": datarun.Internal, "malformed": datarun.Corrupt,
	} {
		t.Run(name, func(t *testing.T) {
			p, s := configure(t, role(t, name))
			err := s.Read(t.Context(), connectors.Stream{}, nil, func(datarun.Batch) error { return nil })
			if datarun.KindOf(err) != want || err == nil {
				t.Errorf("got %v (%v), want %v", err, datarun.KindOf(err), want)
			}
			if name == "crashes" || name == "panics" {
				<-p.Done()
				if p.Ending() == "" || p.Ending() == "exit status 0" {
					t.Errorf("ending: %q", p.Ending())
				}
			}
		})
	}
}

// counter is a slog handler that counts.
type counter struct {
	slog.Handler
	mu    sync.Mutex
	lines int
	bytes int
}

func (c *counter) Enabled(context.Context, slog.Level) bool { return true }
func (c *counter) WithAttrs([]slog.Attr) slog.Handler       { return c }
func (c *counter) Handle(_ context.Context, r slog.Record) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines++
	r.Attrs(func(a slog.Attr) bool { c.bytes += len(a.Value.String()); return true })
	return nil
}

func TestFloodDoesNotHurt(t *testing.T) {
	said := &counter{}
	c := role(t, "floods")
	c.Log = slog.New(said)
	p, s := configure(t, c)
	n := 0
	if err := s.Read(t.Context(), connectors.Stream{}, nil, func(b datarun.Batch) error { n += len(b.Records); return nil }); err != nil || n != 1000 {
		t.Errorf("read %d: %v", n, err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	said.mu.Lock()
	defer said.mu.Unlock()
	if said.lines == 0 || said.lines > 2000 || said.bytes > 5<<20 {
		t.Errorf("%d entries, %d bytes were logged", said.lines, said.bytes)
	}
}

func TestKillOfAHangingProcess(t *testing.T) {
	p, s := configure(t, role(t, "hangs"))
	read := make(chan error, 1)
	go func() {
		read <- s.Read(t.Context(), connectors.Stream{}, nil, func(datarun.Batch) error { return nil })
	}()
	pid := p.PID()
	await(t, "stopped by itself", func() bool { return processState(pid) == "T" })
	p.Kill()
	gone(t, pid)
	if err := <-read; datarun.KindOf(err) != datarun.Unavailable {
		t.Errorf("read: %v", err)
	}
}

// A Read that ignores its cancel must not keep Close for ever.
func TestCloseOfAReadThatStays(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the grace of Close")
	}
	p, s := configure(t, role(t, "never closes"))
	ctx, cancel := context.WithCancel(t.Context())
	_ = s.Read(ctx, connectors.Stream{}, nil, func(datarun.Batch) error { cancel(); return nil })
	if err := p.Close(); datarun.KindOf(err) != datarun.Internal || err == nil {
		t.Errorf("close: %v", err)
	}
	<-p.Done()
}

// A connector's own child holds its pipes; neither it nor the wait for it may stay.
func TestGrandchildIsEnded(t *testing.T) {
	p, s := configure(t, role(t, "leaves a child"))
	var row struct{ PID int }
	if err := s.Read(t.Context(), connectors.Stream{}, nil, func(b datarun.Batch) error {
		return json.Unmarshal(b.Records[0].Data, &row)
	}); err != nil || row.PID == 0 {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	gone(t, row.PID)
}

// The hub is killed with SIGKILL: its connector must end too.
func TestNoOrphan(t *testing.T) {
	self := role(t, "hub").Path
	script := filepath.Join(t.TempDir(), "wrapper.sh")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho $$ > "+script+".pid\n"+self+" be journal\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"connector":             {"hub", "be", "journal"},
		"behind a wrapper":      {"hub", script},
		"of a host without aid": {"plain hub", "be", "journal"},
	} {
		t.Run(name, func(t *testing.T) {
			hub := exec.Command(self, append([]string{"be"}, args...)...)
			out, err := hub.StdoutPipe()
			if err == nil {
				err = hub.Start()
			}
			if err != nil {
				t.Fatal(err)
			}
			line, _ := bufio.NewReader(out).ReadString('\n')
			pid, err := strconv.Atoi(strings.TrimSpace(line))
			if err != nil || pid == 0 {
				t.Fatalf("the hub says %q", line)
			}
			children := descendants(t, pid)
			if err := hub.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = hub.Wait()
			for _, pid := range append(children, pid) {
				gone(t, pid)
			}
		})
	}
}

// descendants are the processes below pid.
func descendants(t *testing.T, pid int) (all []int) {
	t.Helper()
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, f := range files {
		b, _ := os.ReadFile(f)
		for _, field := range strings.Fields(string(b)) {
			if child, err := strconv.Atoi(field); err == nil {
				all = append(append(all, child), descendants(t, child)...)
			}
		}
	}
	return all
}
