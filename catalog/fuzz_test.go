package catalog_test

import (
	"os"
	"strings"
	"testing"

	"datarun/catalog"
	"datarun/catalog/logtest"
)

// Whatever bytes stand in the log between good commands: two hubs agree on them, the good ones are judged as if the
// others were not there but for the head, and the history counts them all.
func FuzzCommand(f *testing.F) {
	data, err := os.ReadFile("testdata/log.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		f.Add([]byte(strings.TrimSuffix(line, "\n")))
	}
	f.Add([]byte(`{"v":1,"changes":[{"verb":"agency.put"},{"verb":"grant.put","grant":{}},{"verb":"key.add","id":"x","key":{}}]}`))
	f.Fuzz(func(t *testing.T, value []byte) {
		one, err := catalog.Open(t.Context(), logtest.New(value))
		two, err2 := catalog.Open(t.Context(), logtest.New(value))
		if (err == nil) != (err2 == nil) {
			t.Fatalf("one build, two answers: %v, %v", err, err2)
		}
		if err != nil {
			return
		}
		if dump(t, one.Snapshot()) != dump(t, two.Snapshot()) {
			t.Fatal("one log, two states")
		}
		if s := one.Snapshot(); s.Head().Seq != 1 || s.Head() != two.Snapshot().Head() {
			t.Fatal("the record is not in the history")
		}
		if _, err := one.Verify(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// The parser takes anything, in reasonable time; what it accepts can be compared, and every problem has a place.
func FuzzParse(f *testing.F) {
	f.Add(example(f))
	f.Add("kind: grant\nid: [g]\n---\nkind: agency\n---\n- kind\n")
	f.Add("{kind: agency, code: 1, keys: [{id: a}, {id: a}]}")
	f.Add("kind: resource\nabstract: |\n  a\n  --- b\n? x\n: y\n")
	s := func() *catalog.Snapshot {
		c, err := catalog.Open(f.Context(), logtest.New())
		if err != nil {
			f.Fatal(err)
		}
		return c.Snapshot()
	}()
	f.Fuzz(func(t *testing.T, text string) {
		docs, err := catalog.Parse("f", []byte(text))
		for _, p := range catalog.ProblemsOf(err) {
			if !strings.HasPrefix(p.Where, "f:") || p.Reason == "" {
				t.Errorf("no place or no reason: %+v", p)
			}
		}
		if err != nil {
			return
		}
		diff, _ := catalog.Diff(s, docs)
		if len(diff.Deltas) != len(docs) {
			t.Errorf("%d documents, %d deltas", len(docs), len(diff.Deltas))
		}
	})
}
