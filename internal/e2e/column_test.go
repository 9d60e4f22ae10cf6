package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestColumnLost takes a column away from a table that is being read. Its stream stops and says why, everything else
// goes on, and nothing is lost when the column is back and the hub was started again: the stream does not go on by itself.
func TestColumnLost(t *testing.T) {
	needE2E(t)
	db := newDatabase(t)
	makeHouses(db, "house", 5000)
	makeHouses(db, "permit", 5000)
	h := newHub(t, nil, postgres("housing", db.config, [2]string{"house", houses}, [2]string{"permit", permits}))
	h.serve()
	h.apply(agencyDocs(), resourceDoc(houses, "房屋", housing, houseItems), resourceDoc(permits, "许可", housing, houseItems))
	h.loaded(map[string]int{houses: 5000, permits: 5000})

	db.exec("UPDATE house SET note = 'last words', updated_at = " + now + " WHERE no = 'EZ00000001'; ALTER TABLE house RENAME COLUMN price TO old_price")
	healthy := func() float64 { return h.scrape().sum("stream_healthy", `stream="house"`) }
	if await(20*time.Second, func() bool { return healthy() == 0 }) != nil {
		t.Error("the metrics show the stream as healthy")
	}
	status, body := get(h.url("/readyz"))
	t.Logf("/readyz: %d %s", status, body)
	if status != http.StatusOK || !strings.Contains(body, "stream house") {
		t.Errorf("/readyz does not name the stream as a cause: %d %s", status, body)
	}
	if text := tail(h.path("hub.log"), 1<<20); !strings.Contains(text, "price") {
		t.Error("the log does not name the column")
	}
	db.exec("UPDATE house SET note = 'unseen', updated_at = " + now + " WHERE no = 'EZ00000002'")
	db.exec("UPDATE permit SET note = 'seen', updated_at = " + now + " WHERE no = 'EZ00000002'")
	if await(20*time.Second, func() bool { row, _ := h.lookup(window, permits, "EZ00000002"); return row["note"] == "seen" }) != nil {
		t.Error("the other stream does not go on")
	}
	if row, ok := h.lookup(window, houses, "EZ00000003"); !ok {
		t.Errorf("what was there is gone: %v", row)
	}

	db.exec("ALTER TABLE house RENAME COLUMN old_price TO price")
	h.end()
	h.serve()
	h.loaded(map[string]int{houses: 1})
	h.settle()
	h.same(houses, db, "house")
	h.same(permits, db, "permit")
	h.end()
}
