package sqltable

import (
	"fmt"
	"strings"
)

// Dialect is how a database spells what the phases need.
type Dialect struct {
	// Quote makes an identifier of a name.
	Quote func(name string) string
	// Bind puts a value into a comparison with the column: SQL, and with hasArg an argument for the placeholder in it.
	Bind func(v Value, c *Column) (sql string, arg any, hasArg bool)
	// Rows says that (a, b) > (x, y) is understood and served by an index.
	Rows bool
	// Fold says that column names match in any case.
	Fold bool
	// Typed says that a column has values of its own type only, and that the driver gives text as bytes.
	Typed bool
	// TextTimes says that times may be stored as text.
	TextTimes bool
	// Offset is what the database writes after an instant in UTC: "+00", or nothing.
	Offset string
}

// Query is a statement with its arguments.
type Query struct {
	SQL  string
	Args []any
}

// Source returns the quoted name of the plan's table.
func (p *Plan) Source() string {
	name := p.dialect.Quote(p.Table.Name)
	if p.Table.Schema != "" {
		name = p.dialect.Quote(p.Table.Schema) + "." + name
	}
	return name
}

// Probe is a query that fails where Read would, and returns nothing.
func (p *Plan) Probe() string { return p.selectFrom() + " LIMIT 0" }

func (p *Plan) selectFrom() string {
	var b strings.Builder
	b.WriteString("SELECT ")
	for i, c := range p.Select {
		if i > 0 {
			b.WriteString(", ")
		}
		if name := p.qualified(c.Name); c.Expr != "" {
			fmt.Fprintf(&b, c.Expr, name)
		} else {
			b.WriteString(name)
		}
	}
	b.WriteString(" FROM ")
	b.WriteString(p.Source())
	b.WriteString(" AS r")
	return b.String()
}

// qualified is a column of the table. A bare name in ORDER BY would mean what is selected under that name, perhaps an
// expression, and no index would serve.
func (p *Plan) qualified(name string) string { return "r." + p.dialect.Quote(name) }

// snapshotQuery selects the rows after a key, in key order.
func (p *Plan) snapshotQuery(after []Value) Query {
	q := builder{Plan: p}
	q.WriteString(p.selectFrom())
	if len(after) > 0 {
		q.WriteString(" WHERE ")
		q.beyond(p.Key, after)
	}
	q.orderBy(p.Key)
	return q.done()
}

// changesQuery selects by cursor and key: after a row where after is given, else from a lower bound, which a NULL value
// leaves open.
func (p *Plan) changesQuery(low Value, strict bool, after []Value) Query {
	order := append([]int{p.Cursor}, p.Key...)
	q := builder{Plan: p}
	q.WriteString(p.selectFrom())
	q.WriteString(" WHERE ")
	switch {
	case len(after) > 0:
		q.beyond(order, after)
	case low.IsNull():
		q.WriteString(q.name(p.Cursor) + " IS NOT NULL")
	case strict:
		q.compare(p.Cursor, ">", low)
	default:
		q.compare(p.Cursor, ">=", low)
	}
	q.orderBy(order)
	return q.done()
}

type builder struct {
	*Plan
	strings.Builder
	args []any
}

func (q *builder) done() Query { return Query{SQL: q.String(), Args: q.args} }

func (q *builder) name(i int) string { return q.qualified(q.Select[i].Name) }

func (q *builder) bind(i int, v Value) {
	sql, arg, hasArg := q.dialect.Bind(v, q.Select[i])
	q.WriteString(sql)
	if hasArg {
		q.args = append(q.args, arg)
	}
}

func (q *builder) compare(i int, op string, v Value) {
	q.WriteString(q.name(i) + " " + op + " ")
	q.bind(i, v)
}

func (q *builder) orderBy(columns []int) {
	for n, i := range columns {
		if n == 0 {
			q.WriteString(" ORDER BY ")
		} else {
			q.WriteString(", ")
		}
		q.WriteString(q.name(i))
	}
}

// beyond writes (a, b) > (x, y): as a row where the database is good at that, else spelled out, with a bound on the
// first column alone in front so that its index serves.
func (q *builder) beyond(columns []int, values []Value) {
	if len(columns) == 1 {
		q.compare(columns[0], ">", values[0])
		return
	}
	if q.dialect.Rows {
		q.WriteString("(")
		for n, i := range columns {
			if n > 0 {
				q.WriteString(", ")
			}
			q.WriteString(q.name(i))
		}
		q.WriteString(") > (")
		for n, i := range columns {
			if n > 0 {
				q.WriteString(", ")
			}
			q.bind(i, values[n])
		}
		q.WriteString(")")
		return
	}
	q.compare(columns[0], ">=", values[0])
	q.WriteString(" AND (")
	q.spelledOut(columns, values)
	q.WriteString(")")
}

func (q *builder) spelledOut(columns []int, values []Value) {
	q.compare(columns[0], ">", values[0])
	if len(columns) == 1 {
		return
	}
	q.WriteString(" OR (")
	q.compare(columns[0], "=", values[0])
	q.WriteString(" AND (")
	q.spelledOut(columns[1:], values[1:])
	q.WriteString("))")
}
