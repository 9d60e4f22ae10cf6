package conntest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"datarun"
	"datarun/connectors"
)

// reading is one Read with the rules that hold in every Read: it watches what is emitted.
type reading struct {
	t      *trial
	source connectors.Source
	stream connectors.Stream

	state   table              // folded so far
	records []datarun.Record   // as emitted
	copies  [][]byte           // of their data, when they were emitted
	faults  int                // of them
	marks   []mark             // at each position that moved
	emit    func(int) error    // called after each batch with its number, if set
	last    datarun.Position   // emitted last
	busy    atomic.Bool        // an emit runs
	over    atomic.Bool        // Read has returned
	names   map[string]bool    // of the stream's items
	cancel  context.CancelFunc // ends the Read
	until   table              // with Fixture.Waits: cancel when state is this
	reached bool
}

// mark is a position and the table up to it.
type mark struct {
	position datarun.Position
	records  int
}

func (t *trial) reading(source connectors.Source, stream connectors.Stream, state table) *reading {
	r := &reading{t: t, source: source, stream: stream, state: maps.Clone(state), names: map[string]bool{}}
	if r.state == nil {
		r.state = table{}
	}
	for _, i := range stream.Items {
		r.names[string(i.Name)] = true
	}
	return r
}

// run is the Read. Its error is Read's own, but nil when a waiting source was cancelled because all was there.
func (r *reading) run(ctx context.Context, from datarun.Position) error {
	r.t.Helper()
	ctx, r.cancel = context.WithCancel(ctx)
	defer r.cancel()
	err := r.source.Read(ctx, r.stream, from, r.take)
	r.over.Store(true)
	for i := range r.records {
		if !bytes.Equal(r.records[i].Data, r.copies[i]) {
			r.t.Errorf("the data of record %d was changed after it was emitted", i)
			break
		}
	}
	if r.reached && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func (r *reading) take(batch datarun.Batch) error {
	if r.over.Load() {
		r.t.Error("emit was called after Read returned")
		return errors.New("Read has returned")
	}
	if !r.busy.CompareAndSwap(false, true) {
		r.t.Error("emit was called by two goroutines at once")
	}
	defer r.busy.Store(false)
	for _, rec := range batch.Records {
		r.records = append(r.records, rec)
		r.copies = append(r.copies, slices.Clone(rec.Data))
		r.record(rec)
	}
	if len(batch.Position) > 0 {
		if len(batch.Position) > 64<<10 || !json.Valid(batch.Position) {
			r.t.Errorf("a position is %d bytes, or is not JSON", len(batch.Position))
		}
		r.last = slices.Clone(batch.Position)
		r.marks = append(r.marks, mark{r.last, len(r.records)})
	}
	if r.until != nil && diff(r.state, r.until) == "" {
		r.reached = true
		r.cancel()
	}
	if r.emit != nil {
		return r.emit(len(r.marks))
	}
	return nil
}

// record looks at one record and folds it in.
func (r *reading) record(rec datarun.Record) {
	if len(rec.Data) > datarun.MaxRecord {
		r.t.Errorf("a record is %d bytes", len(rec.Data))
	}
	if rec.Fault != nil {
		r.faults++
		var raw string
		if err := json.Unmarshal(rec.Data, &raw); err != nil || rec.Fault.Rule == "" {
			r.t.Errorf("the data of a faulty record must be the raw row as a JSON string, its fault must have a rule: %v", err)
		}
		return
	}
	if err := r.state.apply(rec, r.stream.Key); err != nil {
		r.t.Errorf("record %d: %v", len(r.records)-1, err)
	}
	if len(r.names) == 0 {
		return
	}
	var row map[string]json.RawMessage
	_ = json.Unmarshal(rec.Data, &row)
	for name := range row {
		if !r.names[name] {
			r.t.Errorf("record %d has item %s, which is not one of the stream's", len(r.records)-1, name)
		}
	}
}

// want is what the source holds now.
func (t *trial) want() table {
	t.Helper()
	w, err := tableOf(t.Rows(t), t.Stream.Key)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// full reads everything from the beginning and fails unless it is what the source holds.
func (t *trial) full(source connectors.Source) *reading {
	t.Helper()
	return t.rest(source, nil, nil)
}

// rest reads on from a position with what was known there, and fails unless the whole is then what the source holds.
func (t *trial) rest(source connectors.Source, from datarun.Position, known table) *reading {
	t.Helper()
	want := t.want()
	deadline := time.Now().Add(t.Patience)
	for {
		r := t.reading(source, t.Stream, known)
		if t.Waits {
			r.until = want
		}
		ctx, cancel := context.WithTimeout(t.Context(), t.Patience)
		err := r.run(ctx, from)
		cancel()
		if err != nil {
			t.Fatalf("read from %q: %v", from, err)
		}
		d := diff(r.state, want)
		if d == "" {
			return r
		}
		// A source may hold back what is too young to be sure of; from the same position it must come.
		if time.Now().After(deadline) {
			t.Fatalf("read from %q does not give what the source holds:%s", from, d)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
