package conntest

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"time"
)

// closeLeavesNothing opens, uses and closes a source, and looks for goroutines that were not there before.
func closeLeavesNothing(t *trial) {
	before := goroutines()
	source, err := t.open(t.T, t.Fixture, t.Settings)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := source.Check(t.Context(), nil); err != nil {
		t.Errorf("check of no stream: %v", err)
	}
	r := t.reading(source, t.Stream, nil)
	stop := errors.New("enough")
	r.emit = func(int) error { return stop }
	ctx, cancel := context.WithTimeout(t.Context(), t.Patience)
	_ = r.run(ctx, nil)
	cancel()
	if err := source.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	var left []string
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		left = slices.DeleteFunc(goroutines(), func(g string) bool { return slices.Contains(before, id(g)) || idle(g) })
		if len(left) == 0 {
			return
		}
	}
	t.Errorf("%d goroutines are left after Close; the first:\n%s", len(left), left[0])
}

// goroutines returns the stacks of all goroutines but the caller's, and their ids.
func goroutines() []string {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	all := strings.Split(string(buf), "\n\n")[1:]
	for _, g := range all {
		all = append(all, id(g))
	}
	return all
}

// id is "goroutine 17".
func id(stack string) string {
	name, _, _ := strings.Cut(stack, " [")
	return name
}

// idle reports whether it is no goroutine of the connector's: an id alone, or one of the runtime's and the test's.
func idle(stack string) bool {
	if !strings.Contains(stack, "\n") {
		return true
	}
	for _, ours := range []string{"testing.(*T).Run", "testing.tRunner", "runtime.ensureSigM", "os/signal.loop", "testing.runFuzz", "created by runtime"} {
		if strings.Contains(stack, ours) {
			return true
		}
	}
	return false
}
