package e2e

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"datarun"
	"datarun/internal/pgtest"
)

// The agencies of the synthetic city; their codes carry organisation codes that are not issued.
const (
	housing  = "11420700000099418A"
	market   = "114207000000994265"
	stranger = "114207000000994340" // has no grant
	police   = "11420700000099442T"
	province = "11420000000099450H"
	window   = "11420700000099469J"
)

// The resources.
const (
	houses     = "306001/000001" // PostgreSQL
	permits    = "306001/000002" // PostgreSQL
	firms      = "305001/000001" // SQLite
	residents  = "301001/000001" // drop folder
	insured    = "307001/000001" // push
	cars       = "301002/000001" // MariaDB
	allowances = "304001/000001" // REST
)

// agencyDocs registers all agencies.
func agencyDocs() string {
	var docs []string
	for code, name := range map[string]string{housing: "住建局", market: "市监局", stranger: "民政局", police: "公安局", province: "省人社厅", window: "政务局"} {
		docs = append(docs, fmt.Sprintf("kind: agency\ncode: %q\nname: 鄂州市%s(示例)\n", code, name))
	}
	return strings.Join(docs, "---\n")
}

// resourceDoc registers a resource of the given items, the first of which is the key, and grants it to the window.
func resourceDoc(code, name, provider, items string) string {
	return fmt.Sprintf(`kind: resource
code: %s
name: %s(示例)
class: [部门, 示例]
provider: %q
abstract: 端到端测试
format: {category: 3, type: PostgreSQL}
items:
%skey: [%s]
share: 2
condition: 仅供测试
method: database
open: false
cycle: 1
grade: 一般数据1级
---
kind: grant
id: window-%s
agency: %q
resource: %s
purpose: 端到端测试
`, code, name, provider, items, firstName(items), strings.ReplaceAll(code, "/", "-"), window, code)
}

func firstName(items string) string {
	_, rest, _ := strings.Cut(items, "name: ")
	name, _, _ := strings.Cut(rest, ",")
	return name
}

// houseItems are the items of a register of houses, one of each type that a database has. The order is that of
// houseColumns.
const houseItems = `  - {name: no, type: C, length: 20, required: true}
  - {name: owner, type: C, length: 50, required: true, personal: true}
  - {name: owner_id, type: C, length: 18, required: true, code: resident_id, personal: true}
  - {name: area, type: N, length: 10, scale: 2}
  - {name: price, type: Y, length: 14, scale: 2}
  - {name: rooms, type: I}
  - {name: registered, type: D}
  - {name: division, type: C, length: 6, code: division}
  - {name: lived_in, type: L}
  - {name: note, type: M}
  - {name: updated_at, type: T}
`

var houseColumns = []string{"no", "owner", "owner_id", "area", "price", "rooms", "registered", "division", "lived_in", "note", "updated_at"}

// houseTable is the register's table in PostgreSQL. Its columns are wider than the items, so that broken rows fit.
const houseTable = `CREATE TABLE %[1]s (no text PRIMARY KEY, owner text, owner_id text, area numeric(14,2), price numeric(16,2), rooms int,
  registered date, division text, lived_in boolean, note text, updated_at timestamp NOT NULL, gone boolean NOT NULL DEFAULT false);
CREATE INDEX %[1]s_updated_at ON %[1]s (updated_at)`

// now is the register's clock: it keeps Chinese time without saying so.
const now = "clock_timestamp() AT TIME ZONE 'Asia/Shanghai'"

// residentID is the i-th number of a resident who was born so long ago that nobody has it.
func residentID(i int) string {
	born := time.Date(1850, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i/1000)
	body := fmt.Sprintf("420704%s%03d", born.Format("20060102"), i%1000)
	return body + string(datarun.ResidentIDCheck(body))
}

var notes = []string{`\N`, "", "自住", "𠮷野家 \"二楼\"", `C:\\data\\x`, `tab\there`, `line\nbreak`, "{\"a\":1}", "é ü \u200b", "' OR 1=1 --"}

// flaw is how a row is broken, and what the quarantine says of it.
type flaw struct{ rule, item string }

var flaws = []flaw{{"code", "owner_id"}, {"length", "owner"}, {"required", "owner"}, {"code", "division"}, {"length", "area"}}

// flawAt says whether the i-th row is broken, and how: one in 400.
func flawAt(i int) (flaw, bool) { return flaws[i/400%len(flaws)], i%400 == 399 }

// houseRow is the i-th row in COPY's text format.
func houseRow(i int, r *rand.Rand) string {
	row := []string{
		fmt.Sprintf("EZ%08d", i), "张示例", residentID(i), fmt.Sprintf("%d.%02d", 40+r.IntN(200), r.IntN(100)),
		fmt.Sprintf("%d.%02d", r.IntN(9_000_000), r.IntN(100)), fmt.Sprint(1 + r.IntN(6)),
		time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, r.IntN(12_000)).Format("2006-01-02"), "420704",
		[]string{"t", "f", `\N`}[r.IntN(3)], notes[r.IntN(len(notes))],
		time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i)*time.Second + time.Duration(r.IntN(1e9))).Format("2006-01-02 15:04:05.000000"),
	}
	switch f, is := flawAt(i); {
	case !is:
	case f == flaws[0]:
		row[2] = row[2][:17] + string("10X98765432"[(strings.IndexByte("10X98765432", row[2][17])+1)%11])
	case f == flaws[1]:
		row[1] = strings.Repeat("长", 51)
	case f == flaws[2]:
		row[1] = `\N`
	case f == flaws[3]:
		row[7] = "429999"
	case f == flaws[4]:
		row[3] = "1234567890.12"
	}
	return strings.Join(row, "\t")
}

// makeHouses makes the table and n rows, and returns how many of them are good.
func makeHouses(db *database, table string, n int) (good int) {
	db.t.Helper()
	pgtest.Exec(db.t, db.config, fmt.Sprintf(houseTable, table))
	r := rand.New(rand.NewPCG(1, uint64(n)))
	var rows strings.Builder
	for i := range n {
		if _, broken := flawAt(i); !broken {
			good++
		}
		rows.WriteString(houseRow(i, r) + "\n")
	}
	db.copyIn(fmt.Sprintf("%s (%s)", table, strings.Join(houseColumns, ", ")), rows.String())
	return good
}

// postgres is a source of tables of houses, each feeding a resource.
func postgres(name string, c pgtest.Config, streams ...[2]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  - name: %s\n    connector: postgres\n    poll: 200ms\n    settings: {dsn: %q}\n    streams:\n", name, c.DSN())
	for _, s := range streams {
		fmt.Fprintf(&b, "      - {name: %s, resource: %s, object: %s, options: {cursor: updated_at, deleted: gone}}\n", s[0], s[1], s[0])
	}
	return b.String()
}
