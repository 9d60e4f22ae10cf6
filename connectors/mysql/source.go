package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"

	"datarun"
	"datarun/connectors"
	"datarun/connectors/sqltable"
)

// Source reads one MySQL or MariaDB server.
type Source struct {
	settings settings
	secrets  []string
	slots    sqltable.Slots
	reader   sqltable.Reader
	mu       sync.Mutex
	db       *sql.DB // opened by the first call that needs it
}

func newSource(raw json.RawMessage) (*Source, error) {
	s, err := parseSettings(raw)
	if err != nil {
		return nil, err
	}
	return &Source{settings: s, secrets: s.secrets(), slots: make(sqltable.Slots, s.Connections)}, nil
}

func (s *Source) connect(ctx context.Context) (*sql.Conn, error) {
	db, err := s.open()
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, s.fault(ctx, "connect", err)
	}
	return conn, nil
}

func (s *Source) open() (*sql.DB, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db != nil {
		return s.db, nil
	}
	config, err := s.settings.config()
	if err != nil {
		return nil, err
	}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, datarun.Errorf(datarun.Invalid, "settings", "dsn: cannot be used")
	}
	s.db = sql.OpenDB(connector)
	s.db.SetMaxOpenConns(s.settings.Connections + sqltable.Spare)
	s.db.SetMaxIdleConns(2)
	s.db.SetConnMaxIdleTime(time.Minute)
	return s.db, nil
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
	defer func() { _ = conn.Close() }()
	table, err := s.table(ctx, conn, stream.Object)
	if err != nil {
		return err
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
	var version string
	if err == nil {
		defer func() { _ = conn.Close() }()
		err = s.fault(ctx, "connect", conn.QueryRowContext(ctx, "SELECT version()").Scan(&version))
	}
	if err != nil {
		if ctx.Err() != nil {
			return report, ctx.Err()
		}
		report.Findings = append(report.Findings, connectors.Finding{Level: connectors.Fail, What: "connect", Detail: err.Error()})
		return report, nil
	}
	report.Findings = append(report.Findings, connectors.Finding{Level: connectors.Pass, What: "connect", Detail: "server version " + version})
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

// Discover drafts an entry for each table and view of the settings' database that the user may see.
func (s *Source) Discover(ctx context.Context) ([]connectors.Draft, error) {
	conn, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	var objects []string
	err = sqltable.EachRow(ctx, conn, sqltable.Query{SQL: listTables}, func(values []driver.Value) (bool, error) {
		name, _ := values[0].([]byte)
		objects = append(objects, objectName(string(name)))
		return false, nil
	})
	if err != nil {
		return nil, s.fault(ctx, "discover", err)
	}
	var drafts []connectors.Draft
	for _, object := range objects {
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

// Close closes the connections.
func (s *Source) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db == nil {
		return nil
	}
	err := s.db.Close()
	s.db = nil
	return err
}
