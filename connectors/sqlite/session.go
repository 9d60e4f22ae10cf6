package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"time"

	"datarun/connectors/sqltable"
)

// session is one connection as sqltable sees it.
type session struct {
	source *Source
	conn   *sql.Conn
	paged  bool // a transaction would keep writers out
}

// Begin opens a transaction where that disturbs nobody.
func (s *session) Begin(ctx context.Context) error {
	if s.paged {
		return nil
	}
	_, err := s.conn.ExecContext(ctx, "BEGIN")
	return s.source.fault(ctx, "begin", err)
}

// End ends it. There is nothing to commit.
func (s *session) End(ctx context.Context) error {
	if s.paged {
		return nil
	}
	_, err := s.conn.ExecContext(ctx, "ROLLBACK")
	return s.source.fault(ctx, "end", err)
}

// Bounds asks for the cursor's largest value. The time at the database is the time here.
func (s *session) Bounds(ctx context.Context, p *sqltable.Plan) (sqltable.Value, time.Time, error) {
	query := fmt.Sprintf("SELECT max(%s) FROM %s", dialect.Quote(p.Select[p.Cursor].Name), p.Source())
	var top sqltable.Value
	err := sqltable.EachRow(ctx, s.conn, sqltable.Query{SQL: query}, func(values []driver.Value) (bool, error) {
		top = sqltable.ValueOf(values[0])
		return false, nil
	})
	return top, time.Now(), s.source.fault(ctx, "table "+p.Table.String(), err)
}

// Scan feeds the query's rows to the sink.
func (s *session) Scan(ctx context.Context, p *sqltable.Plan, q sqltable.Query, sink *sqltable.Sink) error {
	e := sqltable.NewEncoder(p, sink)
	err := sqltable.EachRow(ctx, s.conn, q, e.Row)
	return s.source.fault(ctx, "table "+p.Table.String(), err)
}

// prober answers CheckStream.
type prober struct {
	source *Source
	conn   *sql.Conn
}

// Probe runs a query that returns no rows.
func (p prober) Probe(ctx context.Context, query string) error {
	err := sqltable.EachRow(ctx, p.conn, sqltable.Query{SQL: query}, func([]driver.Value) (bool, error) { return false, nil })
	return p.source.fault(ctx, "read", err)
}

// Count returns the number that a query gives.
func (p prober) Count(ctx context.Context, query string) (int64, error) {
	var n int64
	err := p.conn.QueryRowContext(ctx, query).Scan(&n)
	return n, p.source.fault(ctx, "count", err)
}
