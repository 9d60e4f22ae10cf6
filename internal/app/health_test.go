package app

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"datarun"
)

// Readiness answers anybody: what it shows of an error is of this package, never of the error.
func TestHealthShowsNoErrorText(t *testing.T) {
	const secret = "dial 10.1.2.3:5432: password of zhang"
	h := &health{}
	kinds := []datarun.Kind{
		datarun.Internal, datarun.Invalid, datarun.NotFound, datarun.Denied, datarun.Conflict, datarun.Unavailable, datarun.Corrupt,
	}
	for _, kind := range kinds {
		h.set("source "+kind.String(), datarun.Wrap("place "+secret, datarun.Errorf(kind, secret, "%w", errors.New(secret))))
	}
	h.set("source unknown", fmt.Errorf("no kind: %s", secret))
	causes := h.Causes(t.Context())
	if len(causes) != len(kinds)+1 {
		t.Fatalf("%d causes of %d errors", len(causes), len(kinds)+1)
	}
	for _, c := range causes {
		if c.Detail == "" || strings.Contains(c.Part+c.Detail, "10.1.2.3") || strings.Contains(c.Part+c.Detail, "zhang") {
			t.Errorf("%s: %s", c.Part, c.Detail)
		}
	}
}

func TestHealthSetAndClear(t *testing.T) {
	h := &health{}
	h.set("never failed", nil)
	away := datarun.Errorf(datarun.Unavailable, "x", "away")
	for _, part := range []string{"b", "a", "b"} {
		h.set(part, away)
	}
	var parts []string
	for _, c := range h.Causes(t.Context()) {
		parts = append(parts, c.Part)
		if c.Detail != "does not answer" {
			t.Errorf("%s: %s", c.Part, c.Detail)
		}
	}
	if !slices.Equal(parts, []string{"a", "b"}) {
		t.Errorf("causes %v", parts)
	}
	h.set("b", datarun.Errorf(datarun.Denied, "x", "wrong password"))
	if d := h.Causes(t.Context())[1].Detail; d != "refuses the hub's credentials" {
		t.Errorf("a newer cause is not shown: %s", d)
	}
	h.set("a", nil)
	h.set("b", nil)
	if left := h.Causes(t.Context()); len(left) != 0 {
		t.Errorf("what works again is still shown: %v", left)
	}
}

func TestIsLoopback(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:80": true, "[::1]:80": true, "localhost:80": true, "127.8.8.8:1": true,
		":80": false, "0.0.0.0:80": false, "[::]:80": false, "10.0.0.1:80": false, "hub.example.org:80": false, "": false,
	} {
		if got := isLoopback(address); got != want {
			t.Errorf("%q: %v, want %v", address, got, want)
		}
	}
}
