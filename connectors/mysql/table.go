package mysql

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"datarun/connectors/sqltable"
)

// The catalogue's names are given as columns here, since MySQL 8 answers in upper case.
const (
	findTable = `SELECT table_schema, table_name, table_type, coalesce(engine, ''), coalesce(table_comment, '')
FROM information_schema.tables WHERE table_schema = coalesce(nullif(?, ''), database()) AND table_name = ?`

	findColumns = `SELECT column_name, data_type, column_type, is_nullable = 'YES', coalesce(column_comment, ''), coalesce(extra, ''),
  coalesce(least(character_maximum_length, 1000000), 0), coalesce(numeric_precision, 0), coalesce(numeric_scale, 0)
FROM information_schema.columns WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position`

	findIndexes = `SELECT index_name, non_unique, coalesce(column_name, '')
FROM information_schema.statistics WHERE table_schema = ? AND table_name = ? ORDER BY index_name, seq_in_index`

	listTables = `SELECT table_name FROM information_schema.tables WHERE table_schema = database() AND table_type <> 'SYSTEM VIEW' ORDER BY table_name`
)

// blocking are the engines in which a reader keeps writers out.
var blocking = []string{"myisam", "aria", "memory", "mrg_myisam"}

// table looks up what there is to know of an object.
func (s *Source) table(ctx context.Context, conn *sql.Conn, object string) (*sqltable.Table, error) {
	database, name, err := splitObject(object)
	if err != nil {
		return nil, err
	}
	place := "table " + object
	t := &sqltable.Table{}
	var kind, engine string
	switch err := conn.QueryRowContext(ctx, findTable, database, name).Scan(&t.Schema, &t.Name, &kind, &engine, &t.Comment); {
	case err == sql.ErrNoRows:
		return nil, sqltable.NoTable(object)
	case err != nil:
		return nil, s.fault(ctx, place, err)
	}
	t.Blocks = slices.Contains(blocking, strings.ToLower(engine))
	if t.View = strings.Contains(kind, "VIEW"); t.View {
		t.Comment = "" // it says VIEW
	}
	if err := columns(ctx, conn, t); err != nil {
		return nil, s.fault(ctx, place, err)
	}
	if err := indexes(ctx, conn, t); err != nil {
		return nil, s.fault(ctx, place, err)
	}
	return t, nil
}

func columns(ctx context.Context, conn *sql.Conn, t *sqltable.Table) error {
	rows, err := conn.QueryContext(ctx, findColumns, t.Schema, t.Name)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var c sqltable.Column
		var name, extra string
		var length, digits, scale int
		if err := rows.Scan(&c.Name, &name, &c.Type, &c.Nullable, &c.Comment, &extra, &length, &digits, &scale); err != nil {
			return err
		}
		c.Touched = strings.Contains(strings.ToLower(extra), "on update current_timestamp")
		columnOf(&c, strings.ToLower(name), length, digits, scale)
		t.Columns = append(t.Columns, c)
	}
	return rows.Err()
}

func indexes(ctx context.Context, conn *sql.Conn, t *sqltable.Table) error {
	rows, err := conn.QueryContext(ctx, findIndexes, t.Schema, t.Name)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	last, unique := "", false
	var set []string
	flush := func() {
		if len(set) == 0 {
			return
		}
		if last == "PRIMARY" {
			t.Primary = set
		}
		if unique && !slices.Contains(set, "") { // an expression has no name
			t.Unique = append(t.Unique, set)
		}
		if set[0] != "" {
			t.Indexed = append(t.Indexed, set[0])
		}
		set = nil
	}
	for rows.Next() {
		var index, name string
		var repeats bool
		if err := rows.Scan(&index, &repeats, &name); err != nil {
			return err
		}
		if index != last {
			flush()
		}
		last, unique, set = index, !repeats, append(set, name)
	}
	flush()
	return rows.Err()
}
