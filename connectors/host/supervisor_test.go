package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"datarun"
	"datarun/connectors"
	"datarun/connectors/conntest"
	"datarun/connectors/host"
)

// supervise runs a supervisor until the test ends.
func supervise(t *testing.T, s *host.Supervisor) (ended <-chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	over := make(chan struct{})
	go func() { done <- s.Run(ctx); close(over) }()
	t.Cleanup(func() { cancel(); <-over })
	return done
}

// journal makes a journal of rows and the settings that name it.
func journal(t *testing.T, rows ...string) (path string, settings json.RawMessage) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "journal")
	if err := conntest.AppendJournal(path, datarun.Upsert, rows...); err != nil {
		t.Fatal(err)
	}
	settings, _ = json.Marshal(map[string]string{"path": path})
	return path, settings
}

func countRows(t *testing.T, s connectors.Source) (n int, err error) {
	t.Helper()
	err = s.Read(t.Context(), conntest.MemoryStream, nil, func(b datarun.Batch) error { n += len(b.Records); return nil })
	return n, err
}

func TestSupervisorStartsAgain(t *testing.T) {
	_, settings := journal(t, ids(5)...)
	s := host.NewSupervisor("s", role(t, "journal"), settings, quiet)
	supervise(t, s)
	if n, err := countRows(t, s); n != 5 || err != nil { // waits for the first start
		t.Fatal(n, err)
	}
	for round := range 2 {
		before := s.Status()
		if before.State != host.Running || before.PID == 0 {
			t.Fatalf("%+v", before)
		}
		if err := syscall.Kill(before.PID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		await(t, "another process", func() bool { st := s.Status(); return st.State == host.Running && st.PID != before.PID })
		if n, err := countRows(t, s); n != 5 || err != nil {
			t.Error(n, err)
		}
		if st := s.Status(); st.Starts != round+2 || st.Kind != datarun.Unavailable || st.Error != "connector journal: the process ended: signal: killed" {
			t.Errorf("%+v", st)
		}
	}
}

func TestSupervisorEndsAProcessThatHangs(t *testing.T) {
	_, settings := journal(t, ids(5)...)
	s := host.NewSupervisor("s", role(t, "journal"), settings, quiet)
	s.SetPing(20*time.Millisecond, 300*time.Millisecond)
	supervise(t, s)
	await(t, "running", func() bool { return s.Status().State == host.Running })
	before := s.Status()
	if err := syscall.Kill(before.PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	gone(t, before.PID)
	await(t, "running again", func() bool { return s.Status().State == host.Running })
	if n, err := countRows(t, s); n != 5 || err != nil {
		t.Error(n, err)
	}
}

func TestSupervisorStopsOnInvalid(t *testing.T) {
	wrong := role(t, "journal")
	wrong.SHA256 = fmt.Sprintf("%064d", 1)
	_, settings := journal(t)
	for name, s := range map[string]*host.Supervisor{
		"checksum": host.NewSupervisor("s", wrong, settings, quiet),
		"settings": host.NewSupervisor("s", role(t, "journal"), json.RawMessage(`{"pth":"x"}`), quiet),
	} {
		t.Run(name, func(t *testing.T) {
			ended := supervise(t, s)
			if _, err := s.Discover(t.Context()); datarun.KindOf(err) != datarun.Invalid {
				t.Errorf("discover: %v", err)
			}
			if err := <-ended; datarun.KindOf(err) != datarun.Invalid {
				t.Errorf("run: %v", err)
			}
			if st := s.Status(); st.State != host.Stopped || st.Kind != datarun.Invalid {
				t.Errorf("%+v", st)
			}
		})
	}
}

func TestSupervisorSaysWhyItIsDown(t *testing.T) {
	s := host.NewSupervisor("s", role(t, "dies"), nil, quiet)
	supervise(t, s)
	_, err := s.Check(t.Context(), nil)
	if datarun.KindOf(err) != datarun.Unavailable || err.Error() != "connector dies: it ended before it answered: exit status 7" {
		t.Errorf("got %v", err)
	}
}

// One source's connector crashes with every Read; another's goes on as if nothing were.
func TestCrashTouchesNoOther(t *testing.T) {
	path, settings := journal(t, ids(10)...)
	stream := host.StreamPlan{Stream: conntest.MemoryStream, Poll: 10 * time.Millisecond}
	good, crashed := &hub{}, &hub{}
	budget := host.NewBudget(host.DefaultBudget)
	runners := map[string]*host.Runner{
		"good": host.NewRunner(host.Plan{Source: "good", Command: role(t, "journal"), Settings: settings, Streams: []host.StreamPlan{stream}}, good, good, budget, quiet),
		"bad":  host.NewRunner(host.Plan{Source: "bad", Command: role(t, "crashes"), Streams: []host.StreamPlan{stream}}, crashed, crashed, budget, quiet),
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, len(runners))
	for _, r := range runners {
		go func() { ended <- r.Run(ctx) }()
	}
	await(t, "three crashes", func() bool { return runners["bad"].Status().Process.Starts > 3 })
	if err := conntest.AppendJournal(path, datarun.Upsert, `{"id":77}`); err != nil {
		t.Fatal(err)
	}
	await(t, "the new row", func() bool { return good.count("save {\"next\":11}") > 0 })
	st := runners["good"].Status()
	if st.Process.Starts != 1 || len(st.Streams) != 1 || st.Streams[0].Failures != 0 || st.Streams[0].Records != 11 {
		t.Errorf("%+v", st)
	}
	if st := runners["bad"].Status(); st.Streams[0].Error == "" || st.Streams[0].State == host.Stopped {
		t.Errorf("%+v", st)
	}
	pid := st.Process.PID
	cancel()
	for range runners {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	gone(t, pid)
	if st := runners["good"].Status(); st.Process.State != host.Ended || st.Streams[0].State != host.Ended {
		t.Errorf("%+v", st)
	}
}

// A connector is killed again and again while its source is read: every row arrives, and positions only move forward.
func TestRunnerSurvivesKills(t *testing.T) {
	path, settings := journal(t, ids(3000)...)
	h := &hub{}
	r := host.NewRunner(host.Plan{Source: "s", Command: role(t, "journal"), Settings: settings,
		Streams: []host.StreamPlan{{Stream: conntest.MemoryStream, Poll: time.Millisecond}}}, h, h, nil, quiet)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	for round := range 5 {
		await(t, "running", func() bool { return r.Status().Process.State == host.Running })
		if err := conntest.AppendJournal(path, datarun.Upsert, fmt.Sprintf(`{"id":%d}`, 3000+round)); err != nil {
			t.Fatal(err)
		}
		pid := r.Status().Process.PID
		if pid != 0 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		await(t, "noticed", func() bool { return r.Status().Process.PID != pid })
	}
	await(t, "all saved", func() bool { return h.count(`save {"next":3005}`) > 0 })
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	seen := map[string]bool{}
	for _, rec := range h.records {
		seen[string(rec.Data)] = true
	}
	if len(seen) != 3005 {
		t.Errorf("%d rows arrived", len(seen))
	}
}

// BenchmarkProcess carries rows of 160 bytes out of a real process, with TLS, into a pump that discards them; an
// iteration is one row.
func BenchmarkProcess(b *testing.B) {
	c := role(b, "rows", fmt.Sprint(b.N))
	p, err := host.Launch(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	defer p.Kill()
	s, err := p.Configure(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	b.ReportAllocs()
	b.ResetTimer()
	if err := s.Read(b.Context(), connectors.Stream{}, nil, func(batch datarun.Batch) error { n += len(batch.Records); return nil }); err != nil || n != b.N {
		b.Fatalf("%d of %d rows: %v", n, b.N, err)
	}
}
