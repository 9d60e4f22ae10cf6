package app

import (
	"context"
	"testing"
	"time"

	"datarun"
	"datarun/exchange"
	"datarun/portal/api"
)

func TestIdempotency(t *testing.T) {
	cluster, _ := open(t, embedded(t))
	table, err := exchange.OpenTable(t.Context(), cluster, topicIdempotency)
	if err != nil {
		t.Fatal(err)
	}
	memory, ctx := idempotency{table}, t.Context()
	key := api.IdempotencyKey{Agency: "a", Resource: "306001/000001", Operation: "push", Key: "k"}
	if _, ok, err := memory.Get(ctx, key); ok || err != nil {
		t.Fatalf("nothing was put: %v, %v", ok, err)
	}
	want := api.Remembered{Request: [32]byte{1, 2}, Status: 200, Answer: []byte{0, 1}, At: time.Now().Truncate(0)}
	if err := memory.Put(ctx, key, want); err != nil {
		t.Fatal(err)
	}
	others := []api.IdempotencyKey{
		{Agency: "b", Resource: key.Resource, Operation: "push", Key: "k"},
		{Agency: "a", Resource: "306001/000002", Operation: "push", Key: "k"},
		{Agency: "a", Resource: key.Resource, Operation: "delete", Key: "k"},
		{Agency: "a", Resource: key.Resource, Operation: "push", Key: "K"},
	}
	for _, other := range others {
		if _, ok, _ := memory.Get(ctx, other); ok {
			t.Errorf("%+v has the answer of another", other)
		}
	}
	old := want
	old.At = time.Now().Add(-sweepAge - time.Minute)
	if err := memory.Put(ctx, others[0], old); err != nil {
		t.Fatal(err)
	}
	sweepOnce(t, memory, idempotencyKey(others[0]))

	// Another process, or this one after a start, reads the same.
	again, err := exchange.OpenTable(ctx, cluster, topicIdempotency)
	if err != nil {
		t.Fatal(err)
	}
	got, ok, err := idempotency{again}.Get(ctx, key)
	if err != nil || !ok || got.Request != want.Request || got.Status != 200 || string(got.Answer) != "\x00\x01" || !got.At.Equal(want.At) {
		t.Errorf("%+v, %v, %v; want %+v", got, ok, err, want)
	}
	if _, ok, _ := (idempotency{again}).Get(ctx, others[0]); ok {
		t.Error("what was swept is back after a start")
	}
	if err := table.Set(ctx, idempotencyKey(key), []byte("{")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := memory.Get(ctx, key); datarun.KindOf(err) != datarun.Corrupt {
		t.Errorf("half an answer: %v", err)
	}
}

// sweepOnce runs the sweep until the key is gone, and stops it.
func sweepOnce(t *testing.T, memory idempotency, gone string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- memory.sweep(ctx) }()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		if _, ok := memory.table.Get(gone); !ok {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("an old answer is not forgotten")
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("sweep: %v", err)
	}
}
