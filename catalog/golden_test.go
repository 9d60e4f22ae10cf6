package catalog_test

import (
	"os"
	"strings"
	"testing"

	"datarun/catalog/logtest"
)

// The log of testdata/log.jsonl was written once. Every later build must read the same state and the same head out of
// it: that is what two hubs of different builds rely on, and what was promised to the past.
func TestGoldenLog(t *testing.T) {
	data, err := os.ReadFile("testdata/log.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	log := logtest.New()
	for line := range strings.Lines(string(data)) {
		if _, err := log.Append(t.Context(), []byte(strings.TrimSuffix(line, "\n"))); err != nil {
			t.Fatal(err)
		}
	}
	c := open(t, log)
	report, err := c.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const wantHead = "4a803424df0685b9c7a525a5425e24b9931f56a0d34999bd4db3f9ac51482362"
	if report.Head.Hash.String() != wantHead || report.Accepted != 4 || report.Refused != 3 || len(report.Breaks) != 1 {
		t.Errorf("report %+v", report)
	}
	want, err := os.ReadFile("testdata/state.json")
	if err != nil {
		t.Fatal(err)
	}
	if got := dump(t, c.Snapshot()); got != strings.TrimSpace(string(want)) {
		t.Errorf("state\n%s\nwant\n%s", got, want)
	}
}
