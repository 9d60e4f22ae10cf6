package conntest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"datarun"
	"datarun/connectors"
	"datarun/connectors/conntest"
)

// defect names what TestBroken breaks; TestSuiteFindsDefects sets it for a child of its own.
const defect = "DATARUN_CONNTEST_DEFECT"

// broken is a reference source with one defect.
type broken struct {
	connectors.Source
	defect string
}

// defects are the mistakes that authors make, and the property that must find each.
var defects = map[string]string{
	"skips after a resume":      "every_position_resumes_without_a_gap",
	"never moves the position":  "a_full_read_gives_every_row",
	"reuses its buffer":         "a_full_read_gives_every_row",
	"wraps emit's error":        "emit's_error_comes_back_as_it_is",
	"emits after a failed emit": "emit's_error_comes_back_as_it_is",
	"ignores a cancel":          "cancel_before_the_read_ends_it",
	"leaves a goroutine":        "close_leaves_no_goroutine",
	"drops a row":               "a_full_read_gives_every_row",
	"drops deletes":             "a_delete_arrives",
	"finds everything":          "check_fails_what_is_missing",
	"takes any setting":         "settings_have_strict_keys",
	"takes any option":          "options_have_strict_keys",
	"acks once":                 "ack_is_idempotent",
}

// Read implements connectors.Source.
func (b *broken) Read(ctx context.Context, s connectors.Stream, from datarun.Position, emit func(datarun.Batch) error) error {
	shared := make([]byte, 0, 256)
	faulty := func(batch datarun.Batch) error {
		switch b.defect {
		case "skips after a resume":
			if len(from) > 0 && len(batch.Records) > 1 {
				batch.Records, from = batch.Records[1:], nil
			}
		case "never moves the position":
			batch.Position = nil
		case "reuses its buffer":
			for i := range batch.Records {
				shared = append(shared[:0], batch.Records[i].Data...)
				batch.Records[i].Data = shared
			}
		case "drops a row":
			batch.Records = batch.Records[1:]
		case "drops deletes":
			for i := range batch.Records {
				batch.Records[i].Op = datarun.Upsert
			}
		}
		err := emit(batch)
		if err != nil && b.defect == "wraps emit's error" {
			return fmt.Errorf("emit: %w", err)
		}
		if err != nil && b.defect == "emits after a failed emit" {
			_ = emit(batch)
		}
		return err
	}
	if b.defect == "ignores a cancel" {
		ctx = context.WithoutCancel(ctx)
	}
	if b.defect == "takes any option" {
		s.Options = nil
	}
	if b.defect == "leaves a goroutine" {
		go func() { select {} }()
	}
	return b.Source.Read(ctx, s, from, faulty)
}

// Check implements connectors.Source.
func (b *broken) Check(ctx context.Context, streams []connectors.Stream) (connectors.Report, error) {
	if b.defect == "finds everything" {
		streams = nil
	}
	return b.Source.Check(ctx, streams)
}

// Ack implements connectors.Source.
func (b *broken) Ack(ctx context.Context, s connectors.Stream, p datarun.Position) error {
	if b.defect == "acks once" {
		if acked[string(p)] {
			return datarun.Errorf(datarun.Conflict, "test", "acked already")
		}
		acked[string(p)] = true
	}
	return b.Source.Ack(ctx, s, p)
}

var acked = map[string]bool{}

// TestBroken is run by TestSuiteFindsDefects, in a process of its own, and fails there.
func TestBroken(t *testing.T) {
	name := os.Getenv(defect)
	if name == "" {
		t.Skip("nothing is broken")
	}
	m := conntest.NewMemory(startRows()...)
	c := m.Connector()
	right := c.New
	c.New = func(settings json.RawMessage) (connectors.Source, error) {
		if name == "takes any setting" {
			settings = nil
		}
		s, err := right(settings)
		return &broken{Source: s, defect: name}, err
	}
	conntest.Run(t, conntest.Fixture{
		Connector: c, Stream: conntest.MemoryStream, Settings: json.RawMessage(`{}`),
		Rows:   func(testing.TB) []string { return m.Rows() },
		Delete: func(testing.TB) { m.Delete(`{"id":7}`) }, Patience: 300 * time.Millisecond,
	})
}

func TestSuiteFindsDefects(t *testing.T) {
	t.Parallel()
	for name, property := range defects {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestBroken$/^inprocess$/^"+property+"$", "-test.v")
			cmd.Env = append(os.Environ(), defect+"="+name)
			out, err := cmd.CombinedOutput()
			if err == nil || !bytes.Contains(out, []byte("--- FAIL: TestBroken/inprocess/"+property)) {
				t.Errorf("property %q did not find it: %v\n%s", strings.ReplaceAll(property, "_", " "), err, out)
			}
		})
	}
}
