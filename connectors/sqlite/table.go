package sqlite

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"datarun/connectors/sqltable"
)

const (
	findTable   = `SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main' AND name = ? COLLATE NOCASE`
	findColumns = `SELECT name, type, "notnull", coalesce(dflt_value, ''), pk FROM pragma_table_xinfo(?) WHERE hidden <> 1 ORDER BY cid`
	findIndexes = `SELECT l.seq, l."unique" AND NOT l.partial, i.name FROM pragma_index_list(?) l, pragma_index_info(l.name) i ORDER BY l.seq, i.seqno`
	listTables  = `SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'view', 'virtual') AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name`
)

// table looks up what there is to know of an object.
func (s *Source) table(ctx context.Context, conn *sql.Conn, object string) (*sqltable.Table, error) {
	place := "table " + object
	t := &sqltable.Table{}
	var kind string
	var withoutRowID bool
	switch err := conn.QueryRowContext(ctx, findTable, object).Scan(&t.Name, &kind, &withoutRowID); {
	case err == sql.ErrNoRows:
		return nil, sqltable.NoTable(object)
	case err != nil:
		return nil, s.fault(ctx, place, err)
	}
	t.View = kind != "table"
	if err := columns(ctx, conn, t, withoutRowID); err != nil {
		return nil, s.fault(ctx, place, err)
	}
	if err := indexes(ctx, conn, t); err != nil {
		return nil, s.fault(ctx, place, err)
	}
	var mode string
	if err := conn.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return nil, s.fault(ctx, place, err)
	}
	t.Blocks = mode != "wal"
	return t, nil
}

func columns(ctx context.Context, conn *sql.Conn, t *sqltable.Table, withoutRowID bool) error {
	rows, err := conn.QueryContext(ctx, findColumns, t.Name)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	primary := map[int]string{}
	for rows.Next() {
		var c sqltable.Column
		var notNull bool
		var defaults string
		var place int
		if err := rows.Scan(&c.Name, &c.Type, &notNull, &defaults, &place); err != nil {
			return err
		}
		c.Nullable = !notNull && (place == 0 || !withoutRowID)
		columnOf(&c)
		if strings.Contains(strings.ToUpper(defaults), "CURRENT_TIMESTAMP") {
			t.Zone = "UTC"
		}
		if place > 0 {
			primary[place] = c.Name
		}
		t.Columns = append(t.Columns, c)
	}
	for i := 1; i <= len(primary); i++ {
		t.Primary = append(t.Primary, primary[i])
	}
	if len(t.Primary) == 1 {
		i := slices.IndexFunc(t.Columns, func(c sqltable.Column) bool { return c.Name == t.Primary[0] })
		if strings.EqualFold(t.Columns[i].Type, "INTEGER") { // the row's own number
			t.Columns[i].Nullable = false
			t.Indexed = append(t.Indexed, t.Primary[0])
		}
	}
	if len(t.Primary) > 0 {
		t.Unique = append(t.Unique, t.Primary)
	}
	return rows.Err()
}

func indexes(ctx context.Context, conn *sql.Conn, t *sqltable.Table) error {
	rows, err := conn.QueryContext(ctx, findIndexes, t.Name)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	last := -1
	var set []string
	unique := false
	flush := func() {
		if unique && !slices.Contains(set, "") { // an expression has no name
			t.Unique = append(t.Unique, set)
		}
		if len(set) > 0 && set[0] != "" {
			t.Indexed = append(t.Indexed, set[0])
		}
		set = nil
	}
	for rows.Next() {
		var seq int
		var u bool
		var name sql.NullString
		if err := rows.Scan(&seq, &u, &name); err != nil {
			return err
		}
		if seq != last {
			flush()
		}
		last, unique, set = seq, u, append(set, name.String)
	}
	flush()
	return rows.Err()
}
