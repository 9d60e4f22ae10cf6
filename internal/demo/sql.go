package demo

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the "pgx" driver, for the housing bureau's server
	_ "modernc.org/sqlite"             // the "sqlite" driver, for local databases

	"datarun"
)

// database is a department's database: a driver and where it is.
type database struct {
	driver, dsn string
}

// fill makes the tables and their rows where they are not there yet. It returns how many rows it wrote.
func (d database) fill(ctx context.Context, tables ...*table) (int, error) {
	db, err := sql.Open(d.driver, d.dsn)
	if err != nil {
		return 0, datarun.Errorf(datarun.Internal, "demo", "%w", err)
	}
	defer db.Close()
	written := 0
	for _, t := range tables {
		n, err := d.fillTable(ctx, db, t)
		if err != nil {
			return written, datarun.Errorf(datarun.Internal, "demo", "table %s: %w", t.name, err)
		}
		written += n
	}
	return written, nil
}

// fillTable writes one table in one transaction, so that it is either there with all its rows or not there.
func (d database) fillTable(ctx context.Context, db *sql.DB, t *table) (int, error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it has nothing to do
	var n int
	if tx.QueryRowContext(ctx, "SELECT count(*) FROM "+t.name).Scan(&n) == nil {
		return 0, nil
	}
	if d.driver == "pgx" { // a failed statement ends a PostgreSQL transaction
		if err := tx.Rollback(); err != nil {
			return 0, err
		}
		if tx, err = db.BeginTx(ctx, nil); err != nil {
			return 0, err
		}
		defer tx.Rollback() //nolint:errcheck // as above
	}
	for _, stmt := range t.ddl(d.driver) {
		if _, err := tx.ExecContext(ctx, stmt); err != nil {
			return 0, err
		}
	}
	const perInsert = 500
	for from := 0; from < t.rows; from += perInsert {
		stmt, args := t.insert(d.driver, from, min(from+perInsert, t.rows))
		if _, err := tx.ExecContext(ctx, stmt, args...); err != nil {
			return 0, err
		}
	}
	return t.rows, tx.Commit()
}

// ddl makes the table with its key and an index on the cursor.
func (t *table) ddl(driver string) []string {
	var cols []string
	for _, c := range t.columns {
		cols = append(cols, c.name+" "+c.sqlType)
	}
	ddl := []string{
		fmt.Sprintf("CREATE TABLE %s (%s, PRIMARY KEY (%s))", t.name, strings.Join(cols, ", "), t.key),
		fmt.Sprintf("CREATE INDEX %s_updated_at ON %s (updated_at)", t.name, t.name),
	}
	if driver == "pgx" {
		for _, c := range t.columns {
			ddl = append(ddl, fmt.Sprintf("COMMENT ON COLUMN %s.%s IS '%s'", t.name, c.name, c.comment))
		}
	}
	return ddl
}

func (t *table) insert(driver string, from, to int) (string, []any) {
	var b strings.Builder
	var args []any
	b.WriteString("INSERT INTO " + t.name + " VALUES ")
	for i := from; i < to; i++ {
		if i > from {
			b.WriteString(", ")
		}
		b.WriteByte('(')
		for j, v := range t.row(i) {
			if j > 0 {
				b.WriteString(", ")
			}
			args = append(args, v)
			if driver == "pgx" {
				fmt.Fprintf(&b, "$%d", len(args))
			} else {
				b.WriteByte('?')
			}
		}
		b.WriteByte(')')
	}
	return b.String(), args
}

// exec runs one statement at a department's database.
func (d database) exec(ctx context.Context, stmt string) (int64, error) {
	db, err := sql.Open(d.driver, d.dsn)
	if err != nil {
		return 0, datarun.Errorf(datarun.Internal, "demo", "%w", err)
	}
	defer db.Close()
	res, err := db.ExecContext(ctx, stmt)
	if err != nil {
		return 0, datarun.Errorf(datarun.Invalid, "demo sql", "%w", err)
	}
	return res.RowsAffected()
}

// note leaves word of where the housing bureau's database is, for Exec.
func (p places) note() error {
	text := p.housing.driver + "\n" + p.housing.dsn + "\n"
	if err := os.WriteFile(p.path("housing.where"), []byte(text), 0o600); err != nil {
		return datarun.Errorf(datarun.Unavailable, "demo", "%w", err)
	}
	return nil
}

// Exec runs one statement at the housing bureau's database of the city that runs in dir, for the demo's user to change
// a row. It returns how many rows changed.
func Exec(ctx context.Context, dir, stmt string) (int64, error) {
	b, err := os.ReadFile(filepath.Join(dir, "housing.where"))
	if err != nil {
		return 0, datarun.Errorf(datarun.NotFound, "demo sql", "no demo runs in %s", dir)
	}
	driver, dsn, _ := strings.Cut(strings.TrimSpace(string(b)), "\n")
	return database{driver, dsn}.exec(ctx, stmt)
}
