package sqltable

import (
	"context"
	"fmt"
	"slices"

	"datarun"
	"datarun/connectors"
)

// Prober is what CheckStream asks of a database, beside what the Table says.
type Prober interface {
	// Probe runs a query that returns no rows.
	Probe(ctx context.Context, query string) error
	// Count returns the single number that a query gives.
	Count(ctx context.Context, query string) (int64, error)
}

// nullLimit is how far rows with a NULL cursor are counted.
const nullLimit = 1000

// CheckStream reports on one stream whose table was found, in order: table, columns, key, cursor, deletes.
func CheckStream(ctx context.Context, db Prober, stream connectors.Stream, table *Table, d *Dialect) []connectors.Finding {
	c := checker{stream: stream.Name}
	plan, err := NewPlan(stream, table, d)
	if err != nil {
		c.add(connectors.Fail, "columns", "%v", err)
		return c.findings
	}
	if err := db.Probe(ctx, plan.Probe()); err != nil {
		c.add(connectors.Fail, "table", "%v", err)
		return c.findings
	}
	c.add(connectors.Pass, "table", "%s can be read, %d columns are used", table, len(plan.Select))
	if table.Blocks {
		c.add(connectors.Warn, "table", "a long read of %s would keep writers out: it is read in pages, and a snapshot is not of one moment", table)
	}
	c.key(plan)
	c.cursor(ctx, db, plan)
	if plan.Deleted < 0 {
		c.add(connectors.Warn, "deletes", "deletes are not seen: name a soft-delete column with the option deleted, or wait for reading from the database's log")
	} else {
		c.add(connectors.Pass, "deletes", "column %q marks deleted rows", plan.Select[plan.Deleted].Name)
	}
	return c.findings
}

type checker struct {
	stream   string
	findings []connectors.Finding
}

func (c *checker) add(level connectors.Level, what, format string, args ...any) {
	c.findings = append(c.findings, connectors.Finding{Level: level, Stream: c.stream, What: what, Detail: fmt.Sprintf(format, args...)})
}

func (c *checker) key(p *Plan) {
	names := p.keyNames()
	switch {
	case p.Unique:
		c.add(connectors.Pass, "key", "read in order of %q, which is unique", names)
	case p.Table.View:
		c.add(connectors.Warn, "key", "read in order of %q: a view cannot show that this is unique and not null; where it is not, records are repeated", names)
	default:
		c.add(connectors.Fail, "key", "%q has no unique index over columns that are NOT NULL: make one, or choose other columns with the option key", names)
	}
}

func (c *checker) cursor(ctx context.Context, db Prober, p *Plan) {
	if p.Cursor < 0 {
		c.add(connectors.Warn, "cursor", "no cursor column: the whole table is read every %s, and changes are seen only then", p.fullEvery())
		return
	}
	column := p.Select[p.Cursor]
	if slices.Contains(p.Table.Indexed, column.Name) {
		c.add(connectors.Pass, "cursor", "changes are found by %q of type %s, which is indexed", column.Name, column.Type)
	} else if !p.Table.View {
		c.add(connectors.Warn, "cursor", "no index begins with %q: every poll reads the whole table; make one on (%s)", column.Name, column.Name)
	}
	if !column.Nullable {
		return
	}
	name := p.dialect.Quote(column.Name)
	query := fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM %s WHERE %s IS NULL LIMIT %d) AS n", p.Source(), name, nullLimit)
	n, err := db.Count(ctx, query)
	switch {
	case err != nil:
		c.add(connectors.Warn, "cursor", "rows without a value in %q could not be counted: %v", column.Name, err)
	case n > 0:
		more := ""
		if n == nullLimit {
			more = " or more"
		}
		c.add(connectors.Warn, "cursor", "%d%s rows have NULL in %q: snapshots have them, but changes of them are not seen", n, more, column.Name)
	}
}

// Failure is the finding for a stream that could not be looked at, such as one whose table is not there.
func Failure(stream connectors.Stream, what string, err error) connectors.Finding {
	return connectors.Finding{Level: connectors.Fail, Stream: stream.Name, What: what, Detail: err.Error()}
}

// NoTable is the error for a table that is not there, or that the user may not see.
func NoTable(object string) error {
	return datarun.Errorf(datarun.NotFound, "table "+object, "it does not exist, or the user may not see it")
}
