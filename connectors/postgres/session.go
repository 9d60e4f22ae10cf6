package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"datarun"
	"datarun/connectors/sqltable"
)

// begin opens a transaction in which the table stands still and every value has one spelling, whatever the server, the
// database or a pooler in between is set to. %s is the encoding.
const begin = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL standard_conforming_strings = on; SET LOCAL client_encoding = '%s'; SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL timezone = 'UTC'; SET LOCAL intervalstyle = 'iso_8601'; SET LOCAL extra_float_digits = 3;
SET LOCAL bytea_output = 'hex'`

const sqlASCII = "SQL_ASCII"

// session is one connection as sqltable sees it.
type session struct {
	source *Source
	conn   *pgconn.PgConn
}

// Begin opens the transaction.
func (s *session) Begin(ctx context.Context) error {
	encoding := "UTF8"
	if s.unchecked() {
		encoding = sqlASCII // the server would end the whole COPY at the first bad byte
	}
	_, err := s.conn.Exec(ctx, fmt.Sprintf(begin, encoding)).ReadAll()
	return s.source.fault("begin", err)
}

// unchecked reports whether the database does not know its own encoding.
func (s *session) unchecked() bool { return s.conn.ParameterStatus("server_encoding") == sqlASCII }

// End ends the transaction. There is nothing to commit.
func (s *session) End(ctx context.Context) error {
	if s.conn.IsClosed() {
		return nil // and with it the transaction
	}
	ctx, cancel := context.WithTimeout(ctx, closeTime)
	defer cancel()
	_, err := s.conn.Exec(ctx, "ROLLBACK").ReadAll()
	return s.source.fault("end", err)
}

// Bounds asks for the cursor's largest value and the time.
func (s *session) Bounds(ctx context.Context, p *sqltable.Plan) (sqltable.Value, time.Time, error) {
	query := fmt.Sprintf("SELECT max(%s), extract(epoch FROM transaction_timestamp())::numeric * 1000000 FROM %s", quoteName(p.Select[p.Cursor].Name), p.Source())
	found, err := rows(ctx, s.conn, query)
	if err != nil {
		return sqltable.Value{}, time.Time{}, s.fault(ctx, p, err)
	}
	var micros int64
	if _, err := fmt.Sscan(strings.SplitN(string(found[0][1]), ".", 2)[0], &micros); err != nil {
		return sqltable.Value{}, time.Time{}, datarun.Errorf(datarun.Internal, "time of the server", "not a number")
	}
	top := sqltable.Value{}
	if found[0][0] != nil {
		top = sqltable.TextValue(found[0][0])
	}
	return top, time.UnixMicro(micros), nil
}

// Scan copies the query's rows out.
func (s *session) Scan(ctx context.Context, p *sqltable.Plan, q sqltable.Query, sink *sqltable.Sink) error {
	d := newDecoder(p, sink, s.unchecked())
	_, err := s.conn.CopyTo(ctx, d, "COPY ("+q.SQL+") TO STDOUT")
	if d.failed != nil {
		return d.failed
	}
	return s.fault(ctx, p, err)
}

func (s *session) fault(ctx context.Context, p *sqltable.Plan, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var tooLong *pgproto3.ExceededMaxBodyLenErr
	if errors.As(err, &tooLong) {
		s.source.guarded.Store(p.Stream.Name, true)
	}
	return s.source.fault("table "+p.Table.String(), err)
}

// guardChars is what a guarded value is cut to: enough that the record is over datarun.MaxRecord whatever becomes of
// the value, so that the row is reported and not shortened.
const guardChars = 1_700_000

// guard cuts long values at the server. It is for a stream in which a row was too long to be read: cutting costs time,
// so it is not done before.
func guard(t *sqltable.Table) {
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Form != sqltable.FormText && c.Form != sqltable.FormJSON && c.Form != sqltable.FormHex {
			continue
		}
		if c.Expr == "" {
			c.Expr = "%s"
		}
		c.Expr = fmt.Sprintf("left((%s)::text, %d)", c.Expr, guardChars)
	}
}
