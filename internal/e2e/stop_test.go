package e2e

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestStop stops the hub while it starts and while it reads: it ends in good order each time, and goes on where it was.
// A second hub on the same data is told so, and does the first no harm.
func TestStop(t *testing.T) {
	needE2E(t)
	const n = 150_000
	db := newDatabase(t)
	makeHouses(db, "house", n)
	h := newHub(t, nil, postgres("housing", db.config, [2]string{"house", houses}))
	for _, wait := range []time.Duration{20, 100, 250} {
		h.launch()
		time.Sleep(wait * time.Millisecond)
		if code := h.stop(t, syscall.SIGTERM); code != 0 && code != 130 && code != -1 {
			t.Errorf("stopped %d ms after its start: exit code %d", wait, code)
		}
		noneLeft(t, h.dir)
	}
	h.serve()
	h.apply(agencyDocs(), resourceDoc(houses, "房屋", housing, houseItems))
	if await(20*time.Second, func() bool { return h.scrape().sum("records_read_total") > 0 }) != nil {
		t.Fatal("nothing is read")
	}
	first := h.scrape().sum("records_read_total")
	h.end()
	h.serve()
	second := h.run("serve")
	if second.code != 5 || strings.Count(second.err, "\n") != 1 {
		t.Errorf("a second hub: exit code %d, want 5 and one line: %s", second.code, second.err)
	}
	h.settle()
	again := h.scrape().sum("records_read_total")
	t.Logf("stopped after %v or more records, %v more of %d were read after that", first, again, n)
	if first < n && again >= n {
		t.Errorf("all %v records were read again", again)
	}
	h.same(houses, db, "house")
	h.end()
}

// TestEntryGrows adds an item to an entry while the hub runs: all rows have it, also those that do
// not change, and everything goes on.
func TestEntryGrows(t *testing.T) {
	needE2E(t)
	db := newDatabase(t)
	makeHouses(db, "house", 2000)
	h := newHub(t, nil, postgres("housing", db.config, [2]string{"house", houses}))
	h.serve()
	h.apply(agencyDocs(), resourceDoc(houses, "房屋", housing, houseItems))
	h.loaded(map[string]int{houses: 2000})
	db.exec("ALTER TABLE house ADD COLUMN floor int; UPDATE house SET floor = 3")
	h.apply(resourceDoc(houses, "房屋", housing, houseItems+"  - {name: floor, type: I}\n"))
	db.exec("UPDATE house SET floor = 4, updated_at = " + now + " WHERE no = 'EZ00000001'")
	floor := func(key string) string {
		row, _ := h.lookup(window, houses, key)
		return stringOf(row["floor"])
	}
	if await(20*time.Second, func() bool { return floor("EZ00000001") == "4" }) != nil {
		t.Errorf("the item of a changed row is %q, want 4", floor("EZ00000001"))
	}
	h.settle()
	if await(20*time.Second, func() bool { return floor("EZ00000002") == "3" }) != nil {
		t.Errorf("the item of a row that did not change is %q, want 3", floor("EZ00000002"))
	}
	h.same(houses, db, "house")
	h.end()
}
