package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"time"

	"datarun"
	"datarun/connectors/sqltable"
)

// session is one connection as sqltable sees it.
type session struct {
	source *Source
	conn   *sql.Conn
}

// endTime bounds the end of a transaction, which must not wait for a server that is gone.
const endTime = 2 * time.Second

// Begin opens a transaction in which an InnoDB table stands still.
func (s *session) Begin(ctx context.Context) error {
	for _, statement := range []string{"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"} {
		if _, err := s.conn.ExecContext(ctx, statement); err != nil {
			return s.source.fault(ctx, "begin", err)
		}
	}
	return nil
}

// End ends the transaction. There is nothing to commit.
func (s *session) End(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, endTime)
	defer cancel()
	_, err := s.conn.ExecContext(ctx, "ROLLBACK")
	return s.source.fault(ctx, "end", err)
}

// Bounds asks for the cursor's largest value and the time.
func (s *session) Bounds(ctx context.Context, p *sqltable.Plan) (sqltable.Value, time.Time, error) {
	//nolint:gosec // names cannot be arguments; these are quoted
	query := fmt.Sprintf("SELECT max(%s), date_format(utc_timestamp(6), '%%Y-%%m-%%d %%H:%%i:%%s.%%f') FROM %s", quoteName(p.Select[p.Cursor].Name), p.Source())
	var top, now sql.NullString
	if err := s.conn.QueryRowContext(ctx, query).Scan(&top, &now); err != nil {
		return sqltable.Value{}, time.Time{}, s.source.fault(ctx, "table "+p.Table.String(), err)
	}
	at, err := time.Parse("2006-01-02 15:04:05.999999", now.String)
	if err != nil {
		return sqltable.Value{}, time.Time{}, datarun.Errorf(datarun.Internal, "time of the server", "not a time")
	}
	if !top.Valid {
		return sqltable.Value{}, at, nil
	}
	return sqltable.TextValue([]byte(top.String)), at, nil
}

// Scan feeds the query's rows to the sink as they arrive.
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
