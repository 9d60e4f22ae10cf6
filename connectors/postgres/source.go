package postgres

import (
	"context"
	"encoding/json"
	"strconv"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"

	"datarun"
	"datarun/connectors"
	"datarun/connectors/sqltable"
)

// Source reads one PostgreSQL database.
type Source struct {
	settings settings
	secrets  []string
	slots    sqltable.Slots
	pool     pool
	reader   sqltable.Reader
	guarded  sync.Map // names of streams that had a row too long to read
}

func newSource(raw json.RawMessage) (*Source, error) {
	s, err := parseSettings(raw)
	if err != nil {
		return nil, err
	}
	return &Source{settings: s, secrets: s.secrets(), slots: make(sqltable.Slots, s.Connections)}, nil
}

// Read emits the stream's rows after the position.
func (s *Source) Read(ctx context.Context, stream connectors.Stream, position datarun.Position, emit func(datarun.Batch) error) error {
	if err := s.slots.Take(ctx); err != nil {
		return err
	}
	defer s.slots.Give()
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer s.release(conn)
	table, err := s.table(ctx, conn, stream.Object)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
	if _, ok := s.guarded.Load(stream.Name); ok {
		guard(table)
	}
	plan, err := sqltable.NewPlan(stream, table, dialect)
	if err != nil {
		return err
	}
	return s.reader.Read(ctx, &session{source: s, conn: conn}, plan, position, emit)
}

// Ack does nothing: the table keeps its rows.
func (s *Source) Ack(context.Context, connectors.Stream, datarun.Position) error { return nil }

// Check looks at the connection and at each stream's table, columns, key, cursor and deletes.
func (s *Source) Check(ctx context.Context, streams []connectors.Stream) (connectors.Report, error) {
	var report connectors.Report
	conn, err := s.connect(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return report, ctx.Err()
		}
		report.Findings = append(report.Findings, connectors.Finding{Level: connectors.Fail, What: "connect", Detail: err.Error()})
		return report, nil
	}
	defer s.release(conn)
	detail := "server version " + conn.ParameterStatus("server_version")
	report.Findings = append(report.Findings, connectors.Finding{Level: connectors.Pass, What: "connect", Detail: detail})
	if conn.ParameterStatus("server_encoding") == sqlASCII {
		report.Findings = append(report.Findings, connectors.Finding{Level: connectors.Warn, What: "encoding",
			Detail: "the database is SQL_ASCII and does not check its text: rows that are not UTF-8 go to quarantine"})
	}
	for _, stream := range streams {
		if table, err := s.table(ctx, conn, stream.Object); err != nil {
			report.Findings = append(report.Findings, sqltable.Failure(stream, "table", err))
		} else {
			report.Findings = append(report.Findings, sqltable.CheckStream(ctx, prober{s, conn}, stream, table, dialect)...)
		}
		if ctx.Err() != nil {
			return report, ctx.Err()
		}
	}
	return report, nil
}

// Discover drafts an entry for each table and view that the user may read.
func (s *Source) Discover(ctx context.Context) ([]connectors.Draft, error) {
	conn, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer s.release(conn)
	found, err := rows(ctx, conn, listTables)
	if err != nil {
		return nil, s.fault("discover", err)
	}
	var drafts []connectors.Draft
	for _, r := range found {
		object := objectName(string(r[0]), string(r[1]), string(r[2]) == "t")
		table, err := s.table(ctx, conn, object)
		if datarun.KindOf(err) == datarun.NotFound {
			continue // dropped since
		}
		if err != nil {
			return nil, err
		}
		if len(table.Columns) > 0 {
			drafts = append(drafts, sqltable.DraftOf(table, object, dialect))
		}
	}
	return drafts, nil
}

// objectName spells a table the way splitObject reads it, without the schema where it is the user's own.
func objectName(schema, table string, own bool) string {
	spell := func(name string) string {
		for _, c := range name {
			if c == '.' || c == '"' {
				return quoteName(name)
			}
		}
		return name
	}
	if own {
		return spell(table)
	}
	return spell(schema) + "." + spell(table)
}

// prober answers CheckStream.
type prober struct {
	source *Source
	conn   *pgconn.PgConn
}

// Probe runs a query that returns no rows.
func (p prober) Probe(ctx context.Context, query string) error {
	_, err := rows(ctx, p.conn, query)
	return p.source.fault("read", err)
}

// Count returns the number that a query gives.
func (p prober) Count(ctx context.Context, query string) (int64, error) {
	found, err := rows(ctx, p.conn, query)
	if err != nil {
		return 0, p.source.fault("count", err)
	}
	n, err := strconv.ParseInt(string(found[0][0]), 10, 64)
	return n, p.source.fault("count", err)
}
