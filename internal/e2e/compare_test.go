package e2e

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"datarun"
	"datarun/internal/app"
	"datarun/internal/pgtest"
	"datarun/warehouse"
	"datarun/warehouse/engine"
	"datarun/warehouse/schema"
)

// null stands for a value that is not there; no row has it as a text.
const null = "\x00null"

// rows are rows by key: the text of every item, in order.
type rows map[string][]string

// database is a PostgreSQL database of the test's own, over one connection.
type database struct {
	t      *testing.T
	config pgtest.Config
	conn   *pgconn.PgConn
}

func newDatabase(t *testing.T) *database {
	t.Helper()
	c := pgtest.Start(t)
	db := &database{t: t, config: c, conn: pgtest.Connect(t, c)}
	t.Cleanup(func() { _ = db.conn.Close(context.Background()) })
	db.exec("SET application_name = 'writer'") // which the writer leaves alone
	return db
}

// exec runs statements and returns how many rows the last one changed.
func (db *database) exec(sql string) int64 {
	db.t.Helper()
	results, err := db.conn.Exec(context.Background(), sql).ReadAll()
	if err != nil {
		db.t.Fatalf("%s: %v", sql, err)
	}
	return results[len(results)-1].CommandTag.RowsAffected()
}

func (db *database) copyIn(target, text string) {
	db.t.Helper()
	if _, err := db.conn.CopyFrom(context.Background(), strings.NewReader(text), "COPY "+target+" FROM STDIN"); err != nil {
		db.t.Fatal(err)
	}
}

// houses reads the rows of a table that are not deleted and not broken, as the hub should have them.
func (db *database) houses(table string) rows {
	db.t.Helper()
	query := fmt.Sprintf(`SELECT no, owner, owner_id, trim_scale(area), trim_scale(price), rooms, registered, division, lived_in::text,
  note, to_char(date_trunc('milliseconds', updated_at), 'YYYY-MM-DD HH24:MI:SS.MS') FROM %s WHERE NOT gone`, table)
	result := db.conn.ExecParams(context.Background(), "SET datestyle = 'ISO, YMD'", nil, nil, nil, nil).Read()
	if result.Err == nil {
		result = db.conn.ExecParams(context.Background(), query, nil, nil, nil, nil).Read()
	}
	if result.Err != nil {
		db.t.Fatal(result.Err)
	}
	out := rows{}
	for _, r := range result.Rows {
		row := make([]string, len(r))
		for i, v := range r {
			if row[i] = string(v); v == nil {
				row[i] = null
			}
		}
		if goodHouse(row) {
			out[row[0]] = row
		}
	}
	return out
}

// goodHouse reports whether a row keeps the rules that the flaws break.
func goodHouse(row []string) bool {
	owner := len([]rune(row[1]))
	whole, _, _ := strings.Cut(row[3], ".")
	return row[1] != null && owner > 0 && owner <= 50 && row[7] != "429999" && len(whole) <= 8 &&
		datarun.ValidateCode(datarun.ResidentID, []byte(row[2])) == nil
}

// warehouse opens the hub's engine the way any ClickHouse tool would: by the address and the password file that the
// hub left.
func (h *hub) warehouse() *warehouse.DB {
	h.t.Helper()
	a, err := app.ReadAddresses(h.path("data"))
	if err != nil {
		h.t.Fatal(err)
	}
	password, err := os.ReadFile(h.path("data", "clickhouse", "password"))
	if err != nil {
		h.t.Fatal(err)
	}
	db, err := warehouse.Open(context.Background(), warehouse.Config{
		Addr: []string{a.ClickHouse}, User: engine.User, Password: warehouse.Secret(strings.TrimSpace(string(password))),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return db
}

// view reads the current rows of a resource, and says how many keys it has more than once.
func (h *hub) view(code string, columns []string) (found rows, doubled int) {
	h.t.Helper()
	db := h.warehouse()
	defer func() { _ = db.Close() }()
	var exprs []string
	for _, c := range columns {
		exprs = append(exprs, "CAST(toString("+schema.Quote(c)+") AS Nullable(String))")
	}
	query := fmt.Sprintf("SELECT %s FROM %s.%s", strings.Join(exprs, ", "), db.Database(), schema.View(datarun.ResourceCode(code)))
	found = rows{}
	err := db.Select(context.Background(), query, func(scan func(...any) error) error {
		texts, dest := make([]*string, len(columns)), make([]any, len(columns))
		for i := range texts {
			dest[i] = &texts[i]
		}
		if err := scan(dest...); err != nil {
			return err
		}
		row := make([]string, len(columns))
		for i, text := range texts {
			if row[i] = null; text != nil {
				row[i] = *text
			}
		}
		if _, twice := found[row[0]]; twice {
			doubled++
		}
		found[row[0]] = row
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return found, doubled
}

// difference is how far two sets of rows are from each other.
type difference struct {
	lost, foreign, wrong, doubled int
	samples                       []string
}

func (d difference) none() bool { return d.lost+d.foreign+d.wrong+d.doubled == 0 }

func (d difference) String() string {
	return fmt.Sprintf("%d lost, %d that the source does not have, %d with other values, %d doubled\n%s",
		d.lost, d.foreign, d.wrong, d.doubled, strings.Join(d.samples, "\n"))
}

func (d *difference) sample(format string, args ...any) {
	if len(d.samples) < 8 {
		d.samples = append(d.samples, fmt.Sprintf(format, args...))
	}
}

func compare(want, have rows, doubled int) difference {
	d := difference{doubled: doubled}
	for key, row := range want {
		switch got, ok := have[key]; {
		case !ok:
			d.lost++
			d.sample("lost %q", row)
		case !slices.Equal(got, row):
			d.wrong++
			d.sample("want %q\nhave %q", row, got)
		}
	}
	for key, row := range have {
		if _, ok := want[key]; !ok {
			d.foreign++
			d.sample("not in the source %q", row)
		}
	}
	return d
}

// same fails the test unless the resource's current rows are those of the table.
func (h *hub) same(code string, db *database, table string) {
	h.t.Helper()
	want := db.houses(table)
	have, doubled := h.view(code, houseColumns)
	if d := compare(want, have, doubled); !d.none() {
		h.t.Errorf("%s: %d rows in the source, %d in the warehouse: %s", code, len(want), len(have), d)
		return
	}
	h.t.Logf("%s: %d rows equal the source's", code, len(want))
}
