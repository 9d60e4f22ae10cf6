package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"datarun"
)

func TestBackoff(t *testing.T) {
	var b backoff
	want := firstWait
	for range 40 {
		if got := b.next(0); got < want/2 || got > want {
			t.Fatalf("waits %s, want between %s and %s", got, want/2, want)
		}
		want = min(longestWait, want*2)
	}
	if got := b.next(healthyAfter); got > firstWait {
		t.Errorf("waits %s after a healthy minute", got)
	}
}

func one(size int, position string) datarun.Batch {
	return datarun.Batch{Records: []datarun.Record{{Data: make([]byte, size)}}, Position: datarun.Position(position)}
}

func TestQueueMerges(t *testing.T) {
	q := newQueue(NewBudget(DefaultBudget))
	for i := range 10 {
		position := fmt.Sprint(i)
		if i == 9 {
			position = "" // a piece
		}
		if err := q.put(t.Context(), one(300<<10, position)); err != nil {
			t.Fatal(err)
		}
	}
	q.end()
	var got []string
	for {
		p, ok := q.pop()
		if !ok {
			break
		}
		got = append(got, fmt.Sprint(len(p.batch.Records), " to ", string(p.batch.Position)))
		q.settle(p)
	}
	if want := "[6 to 5 4 to 8]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
	if !q.over() || q.held != 0 {
		t.Errorf("over %v, holds %d", q.over(), q.held)
	}
	if !q.budget.sem.TryAcquire(DefaultBudget) {
		t.Error("the budget did not come back")
	}
}

func TestQueueFails(t *testing.T) {
	q := newQueue(NewBudget(DefaultBudget))
	if err := q.put(t.Context(), one(inFlight, "1")); err != nil {
		t.Fatal(err)
	}
	blocked := make(chan error)
	go func() { blocked <- q.put(t.Context(), one(1, "2")) }()
	fail := errors.New("fail")
	q.fail(fail)
	if err := <-blocked; err != fail {
		t.Errorf("got %v", err)
	}
	if err := q.put(t.Context(), one(1, "3")); err != fail {
		t.Errorf("got %v", err)
	}
	if _, ok := q.pop(); ok || !q.budget.sem.TryAcquire(DefaultBudget) {
		t.Error("what was dropped still holds something")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := newQueue(NewBudget(1)).put(ctx, one(1, "")); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}

// A batch over the bound, or over the whole budget, passes when nothing else is held.
func TestQueueTakesTheLarge(t *testing.T) {
	q := newQueue(NewBudget(1 << 20))
	for range 3 {
		if err := q.put(t.Context(), one(2*inFlight, "1")); err != nil {
			t.Fatal(err)
		}
		p, _ := q.pop()
		q.settle(p)
	}
}

func TestLineLog(t *testing.T) {
	var out bytes.Buffer
	l := newLineLog(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})))
	for _, part := range []string{"plain li", "ne\r\n\n", "time=x level=WARN msg=careful\n", `{"level":"ERROR"}` + "\n", strings.Repeat("long", maxLine), "\nbad \xff\n",
		"panic: a bug\n", "goroutine 1\n"} {
		if n, err := l.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	want := []string{`DEBUG.*plain line$`, `WARN.*careful`, `WARN.*ERROR`, `DEBUG.*(cut)`, `DEBUG.*bad ?`, `WARN.*panic`, `WARN.*goroutine`}
	if len(lines) != len(want) {
		t.Fatalf("%d lines:\n%s", len(lines), out.String())
	}
	for i, w := range want {
		level, text, _ := strings.Cut(w, ".*")
		if !strings.Contains(lines[i], "level="+level) || !strings.Contains(lines[i], strings.TrimSuffix(text, "$")) {
			t.Errorf("line %d is %.200s, want %s", i, lines[i], w)
		}
		if len(lines[i]) > maxLine+200 {
			t.Errorf("line %d has %d bytes", i, len(lines[i]))
		}
	}
}

func TestLineLogDrops(t *testing.T) {
	var out bytes.Buffer
	l := newLineLog(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})))
	for range 100_000 {
		_, _ = l.Write([]byte("again\n"))
	}
	logged := strings.Count(out.String(), "line=again")
	if logged < linesBurst || logged > 2*linesBurst || l.dropped == 0 {
		t.Errorf("%d lines were logged, %d dropped", logged, l.dropped)
	}
	time.Sleep(2 * time.Second / linesPerSecond)
	_, _ = l.Write([]byte("later\n"))
	if !strings.Contains(out.String(), "dropped_lines=") {
		t.Error("nobody is told that lines were dropped")
	}
}

// What a killed hub left is removed, what a live one uses and what is too young to tell is not.
func TestSweep(t *testing.T) {
	parent := t.TempDir()
	used, err := makePrivate(parent)
	if err != nil {
		t.Fatal(err)
	}
	defer used.remove()
	left, err := makePrivate(parent)
	if err != nil {
		t.Fatal(err)
	}
	_ = left.lock.Close() // as the kernel does when a process ends
	sweep(parent, time.Now().Add(-sweepAge))
	if _, err := os.Stat(left.path); err != nil {
		t.Errorf("swept too early: %v", err)
	}
	sweep(parent, time.Now().Add(time.Second))
	if _, err := os.Stat(left.path); !os.IsNotExist(err) {
		t.Errorf("still there: %v", err)
	}
	if _, err := os.Stat(used.path); err != nil {
		t.Errorf("swept while in use: %v", err)
	}
}
