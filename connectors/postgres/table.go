package postgres

import (
	"context"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"

	"datarun/connectors/sqltable"
)

// Each text below is one query, with parameters in text form and results in text form.
const (
	findTable = `SELECT c.oid, n.nspname, c.relname, c.relkind, coalesce(obj_description(c.oid, 'pg_class'), '')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`

	// A domain is looked through to the type it is over.
	findColumns = `WITH RECURSIVE b(num, typ, mod) AS (
  SELECT attnum, atttypid, atttypmod FROM pg_catalog.pg_attribute WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped
  UNION ALL
  SELECT b.num, t.typbasetype, t.typtypmod FROM b JOIN pg_catalog.pg_type t ON t.oid = b.typ WHERE t.typtype = 'd')
SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, coalesce(col_description(a.attrelid, a.attnum), ''),
  t.typname, t.typcategory, t.typtype, b.mod
FROM b JOIN pg_catalog.pg_type t ON t.oid = b.typ AND t.typtype <> 'd'
JOIN pg_catalog.pg_attribute a ON a.attrelid = $1::oid AND a.attnum = b.num ORDER BY a.attnum`

	// One row per index and column: the index, whether primary, whether it makes its columns unique in every row, the
	// column, and its place. Columns that are only carried along (INCLUDE) are left out.
	findIndexes = `SELECT i.indexrelid, i.indisprimary, i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL, a.attname, k.place
FROM pg_catalog.pg_index i
CROSS JOIN LATERAL unnest(string_to_array(i.indkey::text, ' ')::int2[]) WITH ORDINALITY k(num, place)
JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.num
WHERE i.indrelid = $1::oid AND i.indisvalid AND k.place <= coalesce((to_jsonb(i)->>'indnkeyatts')::int, i.indnatts)
ORDER BY i.indexrelid, k.place`

	listTables = `SELECT n.nspname, c.relname, n.nspname = current_schema()
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
  AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
  AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
ORDER BY 1, 2`
)

// rows runs a query and returns its rows as text.
func rows(ctx context.Context, conn *pgconn.PgConn, query string, args ...string) ([][][]byte, error) {
	values := make([][]byte, len(args))
	for i, a := range args {
		values[i] = []byte(a)
	}
	result := conn.ExecParams(ctx, query, values, nil, nil, nil).Read()
	return result.Rows, result.Err
}

// table looks up what there is to know of an object.
func (s *Source) table(ctx context.Context, conn *pgconn.PgConn, object string) (*sqltable.Table, error) {
	schema, name, err := splitObject(object)
	if err != nil {
		return nil, err
	}
	regclass := quoteName(name)
	if schema != "" {
		regclass = quoteName(schema) + "." + regclass
	}
	found, err := rows(ctx, conn, findTable, regclass)
	if err != nil {
		return nil, s.fault("table "+object, err)
	}
	if len(found) == 0 {
		return nil, sqltable.NoTable(object)
	}
	oid, kind := string(found[0][0]), string(found[0][3])
	t := &sqltable.Table{Schema: string(found[0][1]), Name: string(found[0][2]), Comment: string(found[0][4])}
	t.View = kind == "v" || kind == "f"
	columns, err := rows(ctx, conn, findColumns, oid)
	if err != nil {
		return nil, s.fault("table "+object, err)
	}
	for _, r := range columns {
		c := sqltable.Column{Name: string(r[0]), Type: string(r[1]), Nullable: string(r[2]) != "t", Comment: string(r[3])}
		modifier, _ := strconv.Atoi(string(r[7]))
		columnOf(&c, string(r[4]), string(r[5]), string(r[6]), modifier)
		t.Columns = append(t.Columns, c)
	}
	indexes, err := rows(ctx, conn, findIndexes, oid)
	if err != nil {
		return nil, s.fault("table "+object, err)
	}
	readIndexes(t, indexes)
	return t, nil
}

func readIndexes(t *sqltable.Table, rows [][][]byte) {
	for i := 0; i < len(rows); {
		index, end := string(rows[i][0]), i
		var columns []string
		for end < len(rows) && string(rows[end][0]) == index {
			columns = append(columns, string(rows[end][3]))
			end++
		}
		if string(rows[i][1]) == "t" {
			t.Primary = columns
		}
		if string(rows[i][2]) == "t" {
			t.Unique = append(t.Unique, columns)
		}
		if string(rows[i][4]) == "1" && !slices.Contains(t.Indexed, columns[0]) {
			t.Indexed = append(t.Indexed, columns[0])
		}
		i = end
	}
}
