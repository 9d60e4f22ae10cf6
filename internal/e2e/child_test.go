package e2e

import (
	"fmt"
	"syscall"
	"testing"
	"time"
)

// TestChildDies kills a connector and then the engine, each a child of the hub. It comes back by itself, the others are
// untouched, and nothing is lost.
func TestChildDies(t *testing.T) {
	needE2E(t)
	db, other := newDatabase(t), newDatabase(t)
	makeHouses(db, "house", 5000)
	makeHouses(other, "permit", 5000)
	h := newHub(t, nil, postgres("housing", db.config, [2]string{"house", houses})+postgres("building", other.config, [2]string{"permit", permits}))
	h.serve()
	h.apply(agencyDocs(), resourceDoc(houses, "房屋", housing, houseItems), resourceDoc(permits, "许可", housing, houseItems))
	h.loaded(map[string]int{houses: 5000, permits: 5000})
	for _, victim := range []string{"connector serve postgres", "engine-host"} {
		before, ok := child(h.pid(), victim)
		if !ok {
			t.Fatalf("the hub has no child %s", victim)
		}
		others := siblings(h, before.pid)
		if err := syscall.Kill(before.pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		db.exec("UPDATE house SET note = 'while away', updated_at = " + now + " WHERE no LIKE 'EZ000001%'")
		other.exec("UPDATE permit SET note = 'while away', updated_at = " + now + " WHERE no LIKE 'EZ000002%'")
		if await(30*time.Second, func() bool { return len(siblings(h, 0)) == len(others)+1 }) != nil {
			t.Fatalf("%s is not started again", victim)
		}
		t.Logf("%s is started again after %s", victim, time.Since(began).Round(time.Millisecond))
		for pid := range others {
			if _, ok := siblings(h, 0)[pid]; !ok {
				t.Errorf("process %d is gone too: %s", pid, others[pid])
			}
		}
		db.exec("INSERT INTO house (no, owner, owner_id, updated_at) VALUES ('NEW" + fmt.Sprint(before.pid) + "', '新', '" + residentID(1) + "', " + now + ")")
		if await(30*time.Second, func() bool { _, ok := h.tryLookup(window, houses, "NEW"+fmt.Sprint(before.pid)); return ok }) != nil {
			t.Errorf("after the end of %s new rows do not arrive", victim)
		}
		h.settle()
		h.same(houses, db, "house")
		h.same(permits, other, "permit")
	}
	m := h.scrape()
	t.Logf("%v starts of 2 connectors", m.sum("source_starts_total"))
	if m.sum("source_starts_total") != 3 || m.sum("source_up") != 2 || m.sum("stream_healthy") != 2 {
		t.Errorf("%v starts, %v up, %v healthy; want 3, 2, 2", m.sum("source_starts_total"), m.sum("source_up"), m.sum("stream_healthy"))
	}
	h.ready()
	h.end()
}

// siblings are the children of the hub but one, by process id.
func siblings(h *hub, but int) map[int]string {
	found := map[int]string{}
	for _, p := range ours("") {
		if p.ppid == h.pid() && p.pid != but {
			found[p.pid] = p.String()
		}
	}
	return found
}

// TestNoOrphans kills the hub while it reads: what it started ends by itself.
func TestNoOrphans(t *testing.T) {
	needE2E(t)
	db := newDatabase(t)
	makeHouses(db, "house", 50_000)
	h := newHub(t, nil, postgres("housing", db.config, [2]string{"house", houses}))
	h.serve()
	h.apply(agencyDocs(), resourceDoc(houses, "房屋", housing, houseItems))
	if await(20*time.Second, func() bool { return h.scrape().sum("records_read_total") > 0 }) != nil {
		t.Fatal("nothing is read")
	}
	children := siblings(h, 0)
	if len(children) != 2 {
		t.Errorf("the hub has children %v, want a connector and an engine", children)
	}
	h.kill()
	began := time.Now()
	noneLeft(t, h.dir)
	t.Logf("%d children ended within %s", len(children), time.Since(began).Round(time.Millisecond))
}
