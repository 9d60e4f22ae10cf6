package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"datarun"
	"datarun/warehouse/schema"
)

func TestPath(t *testing.T) {
	needE2E(t)
	newCity(t, nil).path()
}

func TestPathOnKafka(t *testing.T) {
	needE2E(t)
	newCity(t, freshKafka(t)).path()
}

// path is the whole path, with a change of every kind, and again after a restart.
func (c *city) path() {
	c.lines[insured], c.parks[insured] = 300, map[flaw]int{{"type", "base"}: 1}
	c.push()
	c.push()
	c.loaded(c.lines)
	c.same(houses, c.db, "house")
	c.counted()
	c.listed()
	c.parked()
	c.changes()
	c.stranger()
	c.revoked()
	c.accounted()
	c.measured()
	c.end()
	c.again()
	c.t.Logf("latency from the commit in the source to the answer: %v", c.seen)
}

// counted wants as many rows in each view as the source has good records.
func (c *city) counted() {
	db := c.warehouse()
	defer func() { _ = db.Close() }()
	for code, want := range c.lines {
		for _, n := range c.parks[code] {
			want -= n
		}
		var n uint64
		query := fmt.Sprintf("SELECT count() FROM %s.%s", db.Database(), schema.View(datarun.ResourceCode(code)))
		err := db.Select(c.t.Context(), query, func(scan func(...any) error) error { return scan(&n) })
		if err != nil || n != uint64(want) {
			c.t.Errorf("%s: %d rows, want %d: %v", code, n, want, err)
		}
	}
}

// listed compares the API's list, page by page, with the source.
func (c *city) listed() {
	want, last := c.db.houses("house"), ""
	all := c.list(window, houses)
	for _, r := range all {
		key, _ := r["no"].(string)
		row := want[key]
		if row == nil || key <= last || r["owner_id"] != row[2] || r["registered"] != row[6] {
			c.t.Errorf("list: %v after %s is not what the source has: %v", r, last, row)
			return
		}
		last = key
	}
	if len(all) != len(want) {
		c.t.Errorf("list: %d rows, want %d", len(all), len(want))
	}
}

// parked compares the quarantine with what was broken on purpose.
func (c *city) parked() {
	for code, want := range c.parks {
		var list []struct {
			ID    string `json:"id"`
			Fault struct{ Rule, Item, Where, Detail string }
			Raw   json.RawMessage
		}
		out := c.must("quarantine", "list", "-o", "json", "-n", "1000", "--resource", code)
		if err := json.Unmarshal([]byte(out), &list); err != nil {
			c.t.Fatal(err)
		}
		have := map[flaw]int{}
		for _, p := range list {
			have[flaw{p.Fault.Rule, p.Fault.Item}]++
			if p.Raw != nil {
				c.t.Errorf("%s: the list shows values", code)
			}
			if code == residents && p.Fault.Rule == "syntax" && !strings.Contains(p.Fault.Where, "residents.csv:101") {
				c.t.Errorf("fault is at %q, want line 101 of the file", p.Fault.Where)
			}
		}
		if fmt.Sprint(have) != fmt.Sprint(want) {
			c.t.Errorf("%s: quarantine %v, want %v", code, have, want)
		}
		if code == houses && len(list) > 0 {
			if raw := c.must("quarantine", "show", list[0].ID); !strings.Contains(raw, `"EZ000`) {
				c.t.Errorf("quarantine show has no raw value: %s", raw)
			}
		}
	}
}

// changes makes changes in the source and looks them up.
func (c *city) changes() {
	const key = "EZ00000042"
	if row, ok := c.lookup(window, houses, key); !ok || row["owner"] != "张示例" {
		c.t.Fatalf("lookup before the change: %v", row)
	}
	c.change("update", "UPDATE house SET owner = '王新主', updated_at = "+now+" WHERE no = '"+key+"'",
		key, func(row map[string]any, ok bool) bool { return ok && row["owner"] == "王新主" })
	c.change("insert", "INSERT INTO house (no, owner, owner_id, price, updated_at) VALUES ('NEW1', '新', '"+residentID(7)+"', 1.5, "+now+")",
		"NEW1", func(row map[string]any, ok bool) bool { return ok && row["price"] == "1.50" })
	c.change("soft delete", "UPDATE house SET gone = true, updated_at = "+now+" WHERE no = '"+key+"'",
		key, func(_ map[string]any, ok bool) bool { return !ok })
	c.change("mend", "UPDATE house SET owner_id = '"+residentID(399)+"', updated_at = "+now+" WHERE no = 'EZ00000399'",
		"EZ00000399", func(_ map[string]any, ok bool) bool { return ok })
	c.settle()
	c.same(houses, c.db, "house")
	r := command(c.t, []string{"DATARUN_API_KEY=" + c.key(window)}, "lookup", "-c", c.hub.path("datarun.yaml"),
		"--purpose", "测试", "--case", "E2E-CLI", "-o", "json", houses, "NEW1", key)
	var a answer
	if err := json.Unmarshal([]byte(r.out), &a); r.code != 0 || err != nil || len(a.Rows) != 2 || !a.Rows[0].Found || a.Rows[1].Found {
		c.t.Errorf("datarun lookup: exit code %d: %s%s", r.code, r.out, r.err)
	}
}

// change runs a statement at the source and polls until a lookup shows it.
func (c *city) change(what, statement, key string, shown func(map[string]any, bool) bool) {
	c.t.Helper()
	if n := c.db.exec(statement); n != 1 {
		c.t.Fatalf("%s: %d rows changed", what, n)
	}
	began := time.Now()
	if await(20*time.Second, func() bool { row, ok := c.lookup(window, houses, key); return shown(row, ok) }) != nil {
		row, ok := c.lookup(window, houses, key)
		c.t.Errorf("%s is not seen: %v, found %v", what, row, ok)
		return
	}
	c.seen[what] = time.Since(began).Round(time.Millisecond)
}

// stranger asks without a grant, and for what does not exist: the answers must not differ.
func (c *city) stranger() {
	status, body := c.ask(stranger, houses+"/lookup", request{Keys: []string{"EZ00000001"}})
	noStatus, noBody := c.ask(stranger, "306009/000009/lookup", request{Keys: []string{"EZ00000001"}})
	if status != http.StatusNotFound || noStatus != status || noBody != body {
		c.t.Errorf("without a grant: %d %s\nnot there: %d %s", status, body, noStatus, noBody)
	}
	req, err := http.NewRequest(http.MethodPost, c.url("/api/v1/resources/306001.000001/lookup"), strings.NewReader("{}"))
	if err != nil {
		c.t.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusUnauthorized {
		c.t.Errorf("without a key: %d", res.StatusCode)
	}
}

// revoked ends a key, which is then nobody's.
func (c *city) revoked() {
	_ = c.key(stranger)
	var list []struct {
		Code string              `json:"code"`
		Keys []datarun.KeyDigest `json:"keys"`
	}
	if err := json.Unmarshal([]byte(c.must("catalog", "list", "--agencies", "-o", "json")), &list); err != nil {
		c.t.Fatal(err)
	}
	for _, m := range list {
		for _, k := range m.Keys {
			if m.Code == stranger {
				c.must("catalog", "key", stranger, "--revoke", k.ID, "--reason", "测试")
			}
		}
	}
	var status int
	if await(10*time.Second, func() bool {
		status, _ = c.ask(stranger, houses+"/lookup", request{Keys: []string{"NEW1"}})
		return status == http.StatusUnauthorized
	}) != nil {
		c.t.Errorf("with a revoked key: %d", status)
	}
}

// accounted looks a record up and finds that reading in the ledger, written before the answer was here.
func (c *city) accounted() {
	status, body := c.ask(window, houses+"/lookup", request{Keys: []string{"NEW1", "nobody"}, Case: "E2E-LEDGER"})
	answered := time.Now()
	a := parse(c.t, status, body)
	if a.Ledger == "" {
		c.t.Error("the answer does not name its entry in the ledger")
	}
	entries, report := c.ledger()
	found := 0
	for _, e := range entries {
		if e.Case != "E2E-LEDGER" {
			continue
		}
		found++
		if e.Kind != "lookup" || e.Agency != window || e.Resource != houses || e.Grant != "window-306001-000001" || e.Count != 2 || e.Time.After(answered) {
			c.t.Errorf("ledger: %+v", e)
		}
	}
	if found != 1 {
		c.t.Errorf("%d entries in the ledger, want 1", found)
	}
	if report.Break != nil || report.Entries == 0 {
		c.t.Errorf("the ledger's chain: %+v", report)
	}
	if out := c.must("catalog", "verify"); !strings.Contains(out, " 0 refused") {
		c.t.Errorf("catalog verify: %s", out)
	}
}

// measured looks at the metrics that an operator watches.
func (c *city) measured() {
	m := c.scrape()
	for _, name := range []string{"records_read_total", "records_published_total", "rows_landed_total", "quarantine_records",
		"lag_messages", "source_up", "stream_healthy", "unready_causes"} {
		if !m.has(name) {
			c.t.Errorf("/metrics has no datarun_%s", name)
		}
	}
	for code, want := range c.parks {
		n := 0
		for _, k := range want {
			n += k
		}
		if got := m.sum("quarantine_records", fmt.Sprintf("resource=%q", code)); got != float64(n) {
			c.t.Errorf("%s: %v records in quarantine by the metrics, want %d", code, got, n)
		}
	}
	if m.sum("lag_messages") != 0 || m.sum("unready_causes") != 0 || m.sum("source_starts_total") != m.sum("source_up") {
		c.t.Errorf("lag %v, causes %v, %v starts of %v sources", m.sum("lag_messages"), m.sum("unready_causes"), m.sum("source_starts_total"), m.sum("source_up"))
	}
}

// again starts the hub on what it has: it publishes nothing anew but what the windows of the cursors repeat, and works.
func (c *city) again() {
	parked := len(slices.Collect(strings.Lines(c.must("quarantine", "list", "-n", "1000"))))
	c.serve()
	c.push()
	c.change("update after restart", "UPDATE house SET note = '又一次', updated_at = "+now+" WHERE no = 'NEW1'",
		"NEW1", func(row map[string]any, ok bool) bool { return ok && row["note"] == "又一次" })
	c.settle()
	m := c.scrape()
	for code := range c.lines {
		label := fmt.Sprintf("resource=%q", code)
		read, landed := m.sum("records_read_total", label), m.sum("rows_landed_total", label)
		c.t.Logf("%s: %v records read again, %v rows landed again", code, read, landed)
		if read > 12 || landed > 12 {
			c.t.Errorf("%s: %v records read and %v rows landed after a restart, want what a window repeats", code, read, landed)
		}
	}
	if now := len(slices.Collect(strings.Lines(c.must("quarantine", "list", "-n", "1000")))); now != parked {
		c.t.Errorf("quarantine has %d lines after a restart, had %d", now, parked)
	}
	c.same(houses, c.db, "house")
	c.end()
}
