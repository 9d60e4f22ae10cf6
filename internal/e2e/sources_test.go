package e2e

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"
	_ "modernc.org/sqlite" // the "sqlite" driver

	"datarun/internal/mariatest"
)

// city is a hub with a source of every kind.
type city struct {
	*hub
	db    *database
	lines map[string]int           // records that each resource gets
	parks map[string]map[flaw]int  // of them, what goes to quarantine
	seen  map[string]time.Duration // latencies, for the log
}

const (
	firmItems = `  - {name: code, type: C, length: 20, required: true}
  - {name: name, type: C, length: 20, required: true}
  - {name: capital, type: Y}
  - {name: updated_at, type: T}
`
	residentItems = `  - {name: resident_id, title: 公民身份号码, type: C, length: 18, required: true, code: resident_id, personal: true}
  - {name: name, title: 姓名, type: C, length: 10, required: true, personal: true}
  - {name: born, title: 出生日期, type: D}
`
	carItems = `  - {name: plate, type: C, length: 10, required: true}
  - {name: seats, type: I}
  - {name: bought, type: T}
`
	allowanceItems = `  - {name: resident_id, type: C, length: 18, required: true, code: resident_id, personal: true}
  - {name: monthly, type: Y}
`
	insuredItems = `  - {name: resident_id, type: C, length: 18, required: true, code: resident_id, personal: true}
  - {name: base, type: Y}
`
)

// newCity makes the sources and starts the hub on them.
func newCity(t *testing.T, brokers []string) *city {
	c := &city{db: newDatabase(t), lines: map[string]int{}, parks: map[string]map[flaw]int{}, seen: map[string]time.Duration{}}
	c.lines[houses], c.parks[houses] = 20_000, map[flaw]int{}
	makeHouses(c.db, "house", c.lines[houses])
	for i := range c.lines[houses] {
		if f, broken := flawAt(i); broken {
			c.parks[houses][f]++
		}
	}
	dir := t.TempDir()
	c.hub = newHub(t, brokers, postgres("housing", c.db.config, [2]string{"house", houses})+fmt.Sprintf(`  - name: police
    connector: files
    settings: {folder: %q, settle: 100ms}
    streams:
      - {name: residents, resource: %s, object: "*.csv"}
`, dir, residents)+c.firms(dir+"/firms.db")+c.cars()+c.allowances())
	c.drop(dir + "/residents.csv")
	c.serve()
	c.apply(agencyDocs(), resourceDoc(houses, "房屋", housing, houseItems), resourceDoc(firms, "企业", market, firmItems),
		resourceDoc(residents, "居民", police, residentItems), resourceDoc(insured, "参保", province, insuredItems),
		resourceDoc(cars, "车辆", police, carItems), resourceDoc(allowances, "低保", stranger, allowanceItems))
	return c
}

// firms makes the SQLite file and says how it is a source.
func (c *city) firms(path string) string {
	db, err := sql.Open("sqlite", path)
	if err == nil {
		defer func() { _ = db.Close() }()
		_, err = db.Exec(`CREATE TABLE firm (code TEXT PRIMARY KEY, name TEXT, capital NUMERIC, updated_at TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 2000)
INSERT INTO firm SELECT 'F' || i, CASE WHEN i = 7 THEN 'a name of more than twenty letters' ELSE '企业' || i END, i || '.50', datetime('2025-01-01', i || ' seconds') FROM n`)
	}
	if err != nil {
		c.db.t.Fatal(err)
	}
	c.lines[firms], c.parks[firms] = 2000, map[flaw]int{{"length", "name"}: 1}
	return fmt.Sprintf("  - name: market\n    connector: sqlite\n    settings: {path: %q}\n    streams:\n      - {name: firm, resource: %s, object: firm, options: {cursor: updated_at}}\n", path, firms)
}

// drop puts a GBK file into the drop folder, with a broken quote in line 101 and a wrong number in line 201.
func (c *city) drop(path string) {
	var b strings.Builder
	b.WriteString("公民身份号码,姓名,出生日期\r\n")
	for i := range 500 {
		switch i {
		case 99:
			b.WriteString(residentID(i) + ",\"张\"三,1950/1/1\r\n")
		case 199:
			b.WriteString("420704185001010000,王五,1950-01-01\r\n")
		default:
			b.WriteString(residentID(i) + ",李四,1950/1/1\r\n")
		}
	}
	text, err := simplifiedchinese.GBK.NewEncoder().String(b.String())
	if err == nil {
		err = os.WriteFile(path+".part", []byte(text), 0o600)
	}
	if err == nil {
		err = os.Rename(path+".part", path)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	c.lines[residents], c.parks[residents] = 500, map[flaw]int{{"syntax", ""}: 1, {"code", "resident_id"}: 1}
}

// push hands in 300 records as the province does, one of them broken, always under the same idempotency key: what was
// taken once is answered and not taken again.
func (c *city) push() {
	var b strings.Builder
	for i := range 300 {
		base := fmt.Sprintf("%d.00", 4000+i)
		if i == 42 {
			base = "九千"
		}
		fmt.Fprintf(&b, "{\"resident_id\":%q,\"base\":%q}\n", residentID(i), base)
	}
	var status int
	var body string
	// The hub says 503 until it has made the topic and the table of an entry that is new: a client tries again.
	_ = await(20*time.Second, func() bool {
		status, body = c.post(province, insured+"/records", "application/x-ndjson", b.String(), "Idempotency-Key", "e2e-push-1")
		return status != http.StatusServiceUnavailable
	})
	if want := `"accepted":299,"refused":1`; status != http.StatusOK || !strings.Contains(body, want) || !strings.Contains(body, `"index":42`) {
		c.t.Errorf("push: %d %.300s, want %s and index 42", status, body, want)
	}
}

// cars makes the MariaDB table and says how it is a source; one plate is too long.
func (c *city) cars() string {
	m := mariatest.Start(c.db.t)
	var b strings.Builder
	b.WriteString("CREATE TABLE car (plate VARCHAR(20) PRIMARY KEY, seats INT, bought DATETIME(3) NOT NULL, KEY (bought)); INSERT INTO car VALUES ")
	for i := range 3000 {
		plate := fmt.Sprintf("鄂G%05d", i)
		if i == 1234 {
			plate += "而且太长了"
		}
		fmt.Fprintf(&b, "('%s', %d, '2025-01-01 00:00:00' + INTERVAL %d SECOND),", plate, 2+i%6, i)
	}
	if _, err := mariatest.Open(c.db.t, m).Exec(strings.TrimSuffix(b.String(), ",")); err != nil {
		c.db.t.Fatal(err)
	}
	c.lines[cars], c.parks[cars] = 3000, map[flaw]int{{"length", "plate"}: 1}
	return fmt.Sprintf("  - name: traffic\n    connector: mysql\n    settings: %s\n    streams:\n      - {name: car, resource: %s, object: car, options: {cursor: bought}}\n", m.Settings(), cars)
}

// allowances starts the REST service and says how it is a source; one record has no number.
func (c *city) allowances() string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		size, _ := strconv.Atoi(r.URL.Query().Get("size"))
		if r.Header.Get("X-Token") != "word" || size < 1 {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		list := []map[string]any{}
		for i := (page - 1) * size; i < min(page*size, 700); i++ {
			row := map[string]any{"id": residentID(i), "money": json.Number(fmt.Sprintf("%d.10", 500+i))}
			if i == 555 {
				row["id"] = nil
			}
			list = append(list, row)
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"list": list}})
	}))
	c.db.t.Cleanup(server.Close)
	c.db.t.Setenv("E2E_TOKEN", "word")
	c.lines[allowances], c.parks[allowances] = 700, map[flaw]int{{"required", "resident_id"}: 1}
	return fmt.Sprintf(`  - name: civil
    connector: restapi
    settings: {url: %q, headers: {X-Token: "${env:E2E_TOKEN}"}}
    streams:
      - name: allowance
        resource: %s
        object: allowances
        options: {records: data.list, size: 100, columns: {resident_id: id, monthly: money}}
`, server.URL, allowances)
}
