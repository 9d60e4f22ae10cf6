package conntest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"datarun"
	"datarun/connectors"
)

// properties are what every connector must have. The names are the contract in one line each.
var properties = []struct {
	name  string
	needs func(Fixture) bool
	check func(*trial)
}{
	{"settings have strict keys", nil, strictSettings},
	{"options have strict keys", nil, strictOptions},
	{"check passes what works", nil, checkPasses},
	{"check fails what is missing", nil, checkFails},
	{"discover drafts items", nil, discoverDrafts},
	{"a full read gives every row", nil, fullRead},
	{"a second read gives the same", nil, readTwice},
	{"every position resumes without a gap", nil, resumes},
	{"nothing comes twice after the last position", nil, caughtUp},
	{"an insert arrives", func(f Fixture) bool { return f.Insert != nil }, func(t *trial) { t.change(t.Insert) }},
	{"an update arrives", func(f Fixture) bool { return f.Update != nil }, func(t *trial) { t.change(t.Update) }},
	{"a delete arrives", func(f Fixture) bool { return f.Delete != nil }, func(t *trial) { t.change(t.Delete) }},
	{"ack is idempotent", nil, ackTwice},
	{"cancel in emit ends the read", nil, cancelInEmit},
	{"cancel before the read ends it", nil, cancelBefore},
	{"emit's error comes back as it is", nil, emitError},
	{"streams are read beside each other, check and discover beside them", nil, together},
	{"close leaves no goroutine", nil, closeLeavesNothing},
}

const unknownKey = "no_such_key"

func withUnknownKey(object json.RawMessage) json.RawMessage {
	members := map[string]json.RawMessage{}
	if len(object) > 0 {
		_ = json.Unmarshal(object, &members)
	}
	members[unknownKey] = json.RawMessage("1")
	b, _ := json.Marshal(members)
	return b
}

func strictSettings(t *trial) {
	s, err := t.open(t.T, t.Fixture, withUnknownKey(t.Settings))
	if err == nil {
		_ = s.Close()
	}
	t.invalid(err, unknownKey)
}

func strictOptions(t *trial) {
	stream := t.Stream
	stream.Options = withUnknownKey(stream.Options)
	ctx, cancel := context.WithTimeout(t.Context(), t.Patience)
	defer cancel()
	t.invalid(t.reading(t.source(), stream, nil).run(ctx, nil), unknownKey)
}

func checkPasses(t *trial) {
	report, err := t.source().Check(t.Context(), []connectors.Stream{t.Stream})
	if err != nil || !report.OK() || len(report.Findings) == 0 {
		t.Errorf("check: %v, %+v", err, report)
	}
	for _, f := range report.Findings {
		if f.What == "" || f.Detail == "" || !slices.Contains([]connectors.Level{connectors.Pass, connectors.Warn, connectors.Fail}, f.Level) {
			t.Errorf("a finding says too little: %+v", f)
		}
	}
}

func checkFails(t *trial) {
	report, err := t.source().Check(t.Context(), []connectors.Stream{t.Missing})
	if err != nil || report.OK() {
		t.Errorf("check of an object that is not there: %v, %+v", err, report)
	}
}

func discoverDrafts(t *trial) {
	drafts, err := t.source().Discover(t.Context())
	if err != nil || len(drafts) == 0 {
		t.Fatalf("discover: %v, %d drafts", err, len(drafts))
	}
	for _, d := range drafts {
		if d.Object == "" || len(d.Items) == 0 {
			t.Errorf("the draft of %q has %d items", d.Object, len(d.Items))
		}
		for _, k := range d.Key {
			if !slices.ContainsFunc(d.Items, func(i datarun.Item) bool { return i.Name == k }) {
				t.Errorf("the draft of %q has key %s, which is not an item", d.Object, k)
			}
		}
	}
}

func fullRead(t *trial) {
	r := t.full(t.source())
	if r.faults != t.Faults {
		t.Errorf("%d faulty records, want %d", r.faults, t.Faults)
	}
	if len(r.records) > 0 && (len(r.marks) == 0 || r.marks[len(r.marks)-1].records != len(r.records)) && !t.Waits {
		t.Error("the last batch carries no position: what it holds would be read again for ever")
	}
}

func readTwice(t *trial) {
	first, second := t.full(t.source()), t.full(t.source())
	if len(first.records) != len(second.records) {
		t.Fatalf("%d records, then %d", len(first.records), len(second.records))
	}
	for i := range first.records {
		a, b := first.records[i], second.records[i]
		if a.Op != b.Op || !bytes.Equal(a.Data, b.Data) {
			t.Fatalf("record %d differs between two reads", i)
		}
	}
}

// resumes reads on from every position, or from a sample of them, and also in a source that is new.
func resumes(t *trial) {
	first := t.full(t.source())
	marks := first.marks
	if len(marks) > 25 {
		step := float64(len(marks)) / 25
		var some []mark
		for i := range 25 {
			some = append(some, marks[int(float64(i)*step)])
		}
		some = append(some, marks[len(marks)-1])
		marks = some
	}
	again := t.source()
	known, at := table{}, 0
	for _, m := range marks {
		for ; at < m.records; at++ {
			if first.records[at].Fault == nil {
				_ = known.apply(first.records[at], t.Stream.Key)
			}
		}
		t.rest(again, m.position, known)
	}
}

// caughtUp looks at the end: rows may be repeated there, but not all of them for ever.
func caughtUp(t *trial) {
	source := t.source()
	first := t.full(source)
	if t.Waits || len(first.records) < 4 || len(first.last) == 0 {
		t.Skip("too little to tell")
	}
	second := t.rest(source, first.last, first.state)
	last := first.last
	if len(second.last) > 0 {
		last = second.last
	}
	if third := t.rest(source, last, first.state); len(third.records) >= len(first.records) {
		t.Errorf("a source that is caught up emits %d of %d records again", len(third.records), len(first.records))
	}
}

func (t *trial) change(change func(testing.TB)) {
	source := t.source()
	before := t.full(source)
	change(t)
	if diff(t.want(), before.state) == "" {
		t.Fatal("the fixture's change does not show in its Rows")
	}
	t.rest(source, before.last, before.state)
	t.full(t.source()) // and from the beginning, in a source that never saw the row before
}

func ackTwice(t *trial) {
	source := t.source()
	r := t.full(source)
	for _, m := range r.marks {
		for range 2 {
			if err := source.Ack(t.Context(), t.Stream, m.position); err != nil {
				t.Fatalf("ack: %v", err)
			}
		}
	}
	if len(r.last) == 0 {
		return
	}
	// The hub acks again when it starts.
	again := t.source()
	if err := again.Ack(t.Context(), t.Stream, r.last); err != nil {
		t.Fatalf("ack in a new source: %v", err)
	}
	t.rest(again, r.last, r.state)
}

// within fails when fn takes longer than the contract allows after a cancel.
func (t *trial) within(fn func() error) error {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- fn() }()
	select {
	case err := <-ended:
		return err
	case <-time.After(5 * time.Second):
		t.Fatal("Read did not return within 5 s of the cancel")
		return nil
	}
}

func cancelInEmit(t *trial) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := t.reading(t.source(), t.Stream, nil)
	// As the hub does when it stops: emit blocks, then returns the context's error.
	started := make(chan struct{})
	var once sync.Once
	r.emit = func(int) error {
		once.Do(func() { close(started) })
		<-ctx.Done()
		return ctx.Err()
	}
	ended := make(chan error, 1)
	go func() { ended <- r.run(ctx, nil) }()
	select {
	case <-started:
	case err := <-ended:
		t.Fatalf("Read ended before it emitted: %v", err)
	case <-time.After(t.Patience):
		t.Fatal("Read emits nothing")
	}
	cancel()
	if err := t.within(func() error { return <-ended }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}

func cancelBefore(t *trial) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := t.reading(t.source(), t.Stream, nil)
	if err := t.within(func() error { return r.run(ctx, nil) }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}

func emitError(t *trial) {
	full := errors.New("the hub is full")
	source := t.source()
	r := t.reading(source, t.Stream, nil)
	r.emit = func(int) error { return full }
	if err := t.within(func() error { return r.run(t.Context(), nil) }); err != full {
		t.Errorf("got %v, want emit's own error", err)
	}
	if len(r.marks) > 1 {
		t.Errorf("emitted %d batches after emit had failed", len(r.marks)-1)
	}
	t.full(source) // and it can be read again
}

func together(t *trial) {
	source := t.source()
	want := t.want()
	var all sync.WaitGroup
	for i := range 3 {
		stream := t.Stream
		stream.Name = fmt.Sprintf("%s%d", stream.Name, i)
		r := t.reading(source, stream, nil)
		if t.Waits {
			r.until = want
		}
		all.Go(func() {
			if err := r.run(t.Context(), nil); err != nil {
				t.Errorf("read: %v", err)
			}
			if d := diff(r.state, want); d != "" {
				t.Errorf("stream %s, read beside others:%s", stream.Name, d)
			}
		})
	}
	all.Go(func() {
		if _, err := source.Check(t.Context(), []connectors.Stream{t.Stream}); err != nil {
			t.Errorf("check beside reads: %v", err)
		}
	})
	all.Go(func() {
		if _, err := source.Discover(t.Context()); err != nil {
			t.Errorf("discover beside reads: %v", err)
		}
	})
	all.Wait()
}
