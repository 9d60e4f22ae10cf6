package app

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"datarun"
)

// silent logs nothing.
var silent = slog.New(slog.DiscardHandler)

// diary notes what happens to stages, in order.
type diary struct {
	mu    sync.Mutex
	notes []string
}

func (d *diary) note(s string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.notes = append(d.notes, s)
}

// steady is a stage that starts at once and stops when asked.
func (d *diary) steady(name string) stage {
	return stage{name, func(ctx context.Context, ready func()) error {
		d.note("start " + name)
		ready()
		<-ctx.Done()
		d.note("stop " + name)
		return ctx.Err()
	}}
}

// grace is longer than any test: a stage that does not stop is seen as a hang, not as a pass.
const grace = time.Minute

func TestStagesStartInOrderAndStopInReverse(t *testing.T) {
	d := &diary{}
	ctx, cancel := context.WithCancel(t.Context())
	last := stage{"last", func(sctx context.Context, ready func()) error {
		ready()
		cancel()
		<-sctx.Done()
		return nil
	}}
	err := runStages(ctx, silent, grace, []stage{d.steady("a"), d.steady("b"), d.steady("c"), last})
	if err != nil {
		t.Errorf("an orderly stop: %v", err)
	}
	want := []string{"start a", "start b", "start c", "stop c", "stop b", "stop a"}
	if !slices.Equal(d.notes, want) {
		t.Errorf("%v, want %v", d.notes, want)
	}
}

func TestStageThatFails(t *testing.T) {
	boom := datarun.Errorf(datarun.Conflict, "port", "taken")
	tests := []struct {
		name  string
		run   func(ctx context.Context, ready func()) error
		kind  datarun.Kind
		cause error
		notes []string // of the steady stages around it
	}{
		{"before it is ready", func(context.Context, func()) error { return boom },
			datarun.Conflict, boom, []string{"start a", "stop a"}},
		{"after it is ready", func(_ context.Context, ready func()) error { ready(); return boom },
			datarun.Conflict, boom, nil},
		{"ends by itself before", func(context.Context, func()) error { return nil },
			datarun.Internal, nil, []string{"start a", "stop a"}},
		{"ends by itself after", func(_ context.Context, ready func()) error { ready(); return nil },
			datarun.Internal, nil, nil},
		{"is cancelled by somebody else", func(context.Context, func()) error { return context.Canceled },
			datarun.Internal, context.Canceled, []string{"start a", "stop a"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := &diary{}
			err := runStages(t.Context(), silent, grace, []stage{d.steady("a"), {"middle", test.run}, d.steady("z")})
			if datarun.KindOf(err) != test.kind || err == nil {
				t.Errorf("%v, want kind %s", err, test.kind)
			}
			if test.cause != nil && !errors.Is(err, test.cause) {
				t.Errorf("%v does not hold the cause", err)
			}
			if test.notes != nil && !slices.Equal(d.notes, test.notes) {
				t.Errorf("%v, want %v", d.notes, test.notes)
			}
			if slices.Contains(d.notes, "start z") != slices.Contains(d.notes, "stop z") || !slices.Contains(d.notes, "stop a") {
				t.Errorf("a stage was left running: %v", d.notes)
			}
		})
	}
}

// A stop while a stage still starts is clean, and what comes after it is not started.
func TestStopWhileStarting(t *testing.T) {
	d := &diary{}
	ctx, cancel := context.WithCancel(t.Context())
	slow := stage{"slow", func(sctx context.Context, _ func()) error {
		cancel()
		<-sctx.Done()
		return sctx.Err()
	}}
	if err := runStages(ctx, silent, grace, []stage{d.steady("a"), slow, d.steady("z")}); err != nil {
		t.Errorf("%v", err)
	}
	if want := []string{"start a", "stop a"}; !slices.Equal(d.notes, want) {
		t.Errorf("%v, want %v", d.notes, want)
	}
}

// A stage that does not stop holds up the others for its grace only.
func TestStageThatHangs(t *testing.T) {
	d := &diary{}
	release := make(chan struct{})
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	hang := stage{"hang", func(_ context.Context, ready func()) error {
		ready()
		cancel()
		<-release
		return nil
	}}
	if err := runStages(ctx, silent, time.Millisecond, []stage{hang, d.steady("b")}); err != nil {
		t.Errorf("%v", err)
	}
}
