package catalog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"

	"datarun"
	"datarun/catalog"
	"datarun/catalog/logtest"
)

// dump is everything that a snapshot shows, to compare two.
func dump(t testing.TB, s *catalog.Snapshot) string {
	t.Helper()
	b, err := json.Marshal(map[string]any{"resources": s.Resources(), "withdrawn": s.Withdrawn(), "agencies": s.Agencies(), "grants": s.Grants(nil), "head": s.Head()})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Several hubs write at random at the same time, some of it good, some lost races, some nonsense. However their records
// fell, every hub, whether it followed, caught up now and then, or came last, ends in the same state with the same head.
func TestConcurrentWritersAgree(t *testing.T) {
	for round := range 8 {
		log := logtest.New()
		hubs := []*catalog.Catalog{open(t, log), open(t, log), open(t, log)}
		run(t, hubs[0])
		run(t, hubs[1]) // the third has no Run
		apply(t, hubs[2], base()...)
		var all sync.WaitGroup
		for w, hub := range hubs {
			all.Go(func() { scribble(t, hub, log, rand.New(rand.NewPCG(uint64(round), uint64(w)))) })
		}
		all.Wait()
		last := open(t, log)
		want := dump(t, last.Snapshot())
		for i, hub := range hubs {
			if err := hub.CatchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := dump(t, hub.Snapshot()); got != want {
				t.Errorf("round %d: hub %d differs:\n%s\n%s", round, i, got, want)
			}
		}
		report, err := last.Verify(t.Context())
		if err != nil || !report.OK() || report.Accepted == 0 {
			t.Errorf("round %d: verify %+v, %v", round, report, err)
		}
	}
}

func scribble(t *testing.T, c *catalog.Catalog, log *logtest.Log, r *rand.Rand) {
	for range 40 {
		s := c.Snapshot()
		version := func(e *catalog.Entry, ok bool) int {
			if !ok {
				return 0
			}
			return e.Version
		}
		code := datarun.ResourceCode(fmt.Sprintf("306001/%06d", r.IntN(4)))
		var change catalog.Change
		switch r.IntN(6) {
		case 0, 1:
			change = catalog.PutResource(resource(code, fmt.Sprintf("信息%d", r.IntN(6))), version(s.Entry(code)))
		case 2:
			change = catalog.WithdrawResource(code, version(s.Entry(code)), "试")
		case 3:
			g := grant(datarun.GrantID(fmt.Sprintf("g%d", r.IntN(20))))
			change = catalog.PutGrant(g, r.IntN(3))
		case 4:
			change = catalog.RevokeGrant(datarun.GrantID(fmt.Sprintf("g%d", r.IntN(20))), catalog.AnyVersion, "")
		case 5:
			if _, err := log.Append(t.Context(), []byte(fmt.Sprintf(`{"v":1,"id":"%d"}`, r.Int()))); err != nil {
				t.Error(err)
			}
			continue
		}
		_, err := c.Apply(t.Context(), "scribbler", change)
		if k := datarun.KindOf(err); err != nil && k != datarun.Conflict && k != datarun.Invalid && k != datarun.NotFound {
			t.Errorf("apply: %v", err)
		}
	}
}

// A race is decided by the log: both writers saw version 1, both commands are in the log, one wins.
func TestTheLoserLearnsThatItLost(t *testing.T) {
	log := logtest.New()
	one, two := open(t, log), open(t, log)
	apply(t, one, base()...)
	if err := two.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	apply(t, one, catalog.PutAgency(agency(market, "甲"), 1))
	_, err := two.Apply(t.Context(), "tester", catalog.PutAgency(agency(market, "乙"), 1)) // two has not read version 2
	if datarun.KindOf(err) != datarun.Conflict {
		t.Fatalf("got %v", err)
	}
	if n := len(log.Values()); n != 3 {
		t.Errorf("%d records: the lost command must be in the log", n)
	}
	events, err := one.History(t.Context(), string(market))
	if err != nil {
		t.Fatal(err)
	}
	last := events[len(events)-1]
	if last.Version != 0 || len(last.Refused) != 1 || last.Refused[0].Rule != catalog.RuleConflict {
		t.Errorf("history of the lost command: %+v", last)
	}
}

func TestRewrittenHistoryIsNoticed(t *testing.T) {
	log := logtest.New()
	c := open(t, log)
	apply(t, c, base()...)
	noted := c.Snapshot().Head()
	apply(t, c, catalog.PutGrant(grant("g2"), 0))
	log.Replace(0, bytes.Replace(log.Values()[0], []byte("tester"), []byte("nobody"), 1))

	again := open(t, log)
	if again.Snapshot().Breaks() != 1 {
		t.Errorf("%d breaks", again.Snapshot().Breaks())
	}
	if _, ok := again.Snapshot().Grant("g2"); ok {
		t.Error("a command that rests on another history was applied")
	}
	report, err := c.Verify(t.Context(), noted)
	if err != nil || report.OK() || len(report.Breaks) != 3 { // the command, this hub, and the noted head
		t.Errorf("verify: %+v, %v", report, err)
	}
	if fresh, err := again.Verify(t.Context()); err != nil || len(fresh.Breaks) != 1 || fresh.Breaks[0].Seq != 2 {
		t.Errorf("verify of a fresh hub: %+v, %v", fresh, err)
	}
	// The hub that read the old history cannot know; whichever of the two writes first, the other sees it.
	apply(t, again, catalog.PutGrant(grant("g3"), 0))
	if err := c.CatchUp(t.Context()); err != nil || c.Snapshot().Breaks() != 1 {
		t.Errorf("the hub of the old history: %d breaks, %v", c.Snapshot().Breaks(), err)
	}
	apply(t, c, catalog.PutGrant(grant("g4"), 0))
	if err := again.CatchUp(t.Context()); err != nil || again.Snapshot().Breaks() != 2 {
		t.Errorf("the hub of the new history: %d breaks, %v", again.Snapshot().Breaks(), err)
	}
}

func TestLostTailIsNoticed(t *testing.T) {
	log := logtest.New()
	c := open(t, log)
	apply(t, c, base()...)
	apply(t, c, catalog.PutGrant(grant("g2"), 0))
	log.Truncate(1)
	if _, err := c.Apply(t.Context(), "tester", catalog.PutGrant(grant("g3"), 0)); datarun.KindOf(err) != datarun.Corrupt {
		t.Errorf("apply after the log lost its tail: %v", err)
	}
}

func TestFailedAppend(t *testing.T) {
	for _, stored := range []bool{false, true} {
		log := logtest.New()
		c := open(t, log)
		log.FailNext(datarun.Errorf(datarun.Unavailable, "log", "broker is away"), stored)
		if _, err := c.Apply(t.Context(), "tester", base()...); datarun.KindOf(err) != datarun.Unavailable {
			t.Fatalf("got %v", err)
		}
		if err := c.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, err := c.Apply(t.Context(), "tester", base()...)
		if stored && datarun.KindOf(err) != datarun.Conflict || !stored && err != nil {
			t.Errorf("stored %v: repeated: %v", stored, err)
		}
	}
}

// A client may store one command twice when an acknowledgement got lost.
func TestACommandTwiceCountsOnce(t *testing.T) {
	log := logtest.New()
	c := open(t, log)
	apply(t, c, base()...)
	apply(t, c, catalog.PutAgency(agency(market, "市监局"), catalog.AnyVersion))
	values := log.Values()
	again := open(t, logtest.New(values[0], values[1], values[1]))
	if m, _ := again.Snapshot().Agency(market); m.Version != 2 {
		t.Errorf("version %d", m.Version)
	}
	if again.Snapshot().Breaks() != 0 {
		t.Error("a repeated command is no break")
	}
}

func TestGarbageIsRefusedAndNewerRulesStop(t *testing.T) {
	good := logtest.New()
	apply(t, open(t, good), base()...)
	head := fmt.Sprintf(`"head":{"seq":0,"hash":"%s"}`, strings.Repeat("0", 64))
	id := strings.Repeat("ab", 16)
	for _, garbage := range []string{
		"", "null", "[]", "{}", "hello", `{"v":1}`, `{"v":0}`, "\xff", `{"v":1,"id":"x"}`,
		`{"v":1,"id":"` + id + `","time":"2026-01-01T00:00:00Z","by":"x",` + head + `,"changes":[]}`,
		`{"v":1,"id":"` + id + `","time":"2026-01-01T00:00:00Z","by":"x",` + head + `,"changes":[{"verb":"grant.revoke","id":"g1","expect":-1,"extra":1}]}`,
		`{"v":1,"id":"` + id + `","time":"2026-01-01T00:00:00Z","by":"x",` + head + `,"changes":[{}]} {}`,
	} {
		c := open(t, logtest.New([]byte(garbage), []byte(garbage)))
		if c.Snapshot().Head().Seq != 2 {
			t.Errorf("%q is not part of the history", garbage)
		}
		if r, err := c.Verify(t.Context()); err != nil || r.Refused != 2 {
			t.Errorf("%q: %+v, %v", garbage, r, err)
		}
		apply(t, c, base()...)
	}
	_, err := catalog.Open(t.Context(), logtest.New([]byte(`{"v":2,"whatever":1}`)))
	if datarun.KindOf(err) != datarun.Corrupt || !strings.Contains(err.Error(), "upgrade") {
		t.Errorf("newer rules: %v", err)
	}
}

func TestApplyGivesUpWithItsContext(t *testing.T) {
	c := open(t, logtest.New())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Apply(ctx, "tester", base()...); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestWatchSeesEveryState(t *testing.T) {
	c := open(t, logtest.New())
	ctx, cancel := context.WithCancel(t.Context())
	seen := make(chan int, 100)
	done := make(chan error, 1)
	go func() {
		done <- c.Watch(ctx, func(s *catalog.Snapshot) error { seen <- len(s.Agencies()); return nil })
	}()
	if n := <-seen; n != 0 {
		t.Errorf("first call with %d agencies", n)
	}
	apply(t, c, base()...)
	if n := <-seen; n != 2 {
		t.Errorf("second call with %d agencies", n)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A command means what the rules of its version say. Whoever adds a member to one of these gives old hubs commands that
// they refuse and new hubs accept: two states. So a new member needs a new rules version.
func TestTheShapeOfCommandsIsPinned(t *testing.T) {
	for _, test := range []struct {
		value any
		want  string
	}{
		{datarun.Resource{}, "code name class provider abstract format items key share condition basis method open open_condition cycle grade related published partitions generation"},
		{datarun.Item{}, "name title type length scale required code personal"},
		{datarun.Format{}, "category type"},
		{datarun.Agency{}, "code name division keys subjects"},
		{datarun.KeyDigest{}, "id sha256"},
		{datarun.Grant{}, "id agency resource purpose items from until revoked"},
		{catalog.Change{}, "verb expect resource agency grant key id reason"},
		{catalog.Head{}, "seq hash"},
	} {
		var names []string
		for i := range reflect.TypeOf(test.value).NumField() {
			name, _, _ := strings.Cut(reflect.TypeOf(test.value).Field(i).Tag.Get("json"), ",")
			names = append(names, name)
		}
		if got := strings.Join(names, " "); got != test.want {
			t.Errorf("%T has members\n%s\npinned are\n%s\nraise rulesVersion in command.go, and pin the new shape", test.value, got, test.want)
		}
	}
}
