package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"

	"datarun"
	"datarun/connectors"
	"datarun/connectors/sqltable"
)

// settings are the source's settings. Help says what each means.
type settings struct {
	Path        string            `json:"path"`
	BusyTimeout sqltable.Duration `json:"busy_timeout"`
}

const (
	defaultBusyTimeout = 5 * time.Second
	connections        = 8
)

// Source reads one SQLite database file.
type Source struct {
	settings settings
	slots    sqltable.Slots
	reader   sqltable.Reader
	mu       sync.Mutex
	db       *sql.DB // opened by the first call that needs it
}

var dialect = &sqltable.Dialect{
	Quote: func(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` },
	Bind: func(v sqltable.Value, _ *sqltable.Column) (string, any, bool) {
		return "?", v.Any(), true
	},
	Rows:      true,
	Fold:      true,
	TextTimes: true,
}

func newSource(raw json.RawMessage) (*Source, error) {
	s := &Source{slots: make(sqltable.Slots, connections), settings: settings{BusyTimeout: sqltable.Duration(defaultBusyTimeout)}}
	if err := sqltable.Strict(raw, &s.settings); err != nil {
		return nil, datarun.Errorf(datarun.Invalid, "settings", "%v", err)
	}
	if s.settings.Path == "" {
		return nil, datarun.Errorf(datarun.Invalid, "settings", "path: missing")
	}
	return s, nil
}

// connect takes a connection to the file, which must be there: SQLite would speak of it in riddles.
func (s *Source) connect(ctx context.Context) (*sql.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	switch info, err := os.Stat(s.settings.Path); {
	case errors.Is(err, os.ErrNotExist):
		return nil, datarun.Errorf(datarun.NotFound, "open", "there is no file %s", s.settings.Path)
	case err != nil:
		return nil, datarun.Errorf(datarun.Unavailable, "open", "%v", err)
	case info.IsDir():
		return nil, datarun.Errorf(datarun.Invalid, "open", "%s is a folder", s.settings.Path)
	}
	db, err := s.open()
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, s.fault(ctx, "open", err)
	}
	return conn, nil
}

func (s *Source) open() (*sql.DB, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db != nil {
		return s.db, nil
	}
	path, err := filepath.Abs(s.settings.Path)
	if err != nil {
		return nil, datarun.Errorf(datarun.Invalid, "open", "%v", err)
	}
	q := url.Values{"mode": {"ro"}}
	q.Add("_pragma", fmt.Sprintf("busy_timeout(%d)", time.Duration(s.settings.BusyTimeout).Milliseconds()))
	q.Add("_pragma", "query_only(1)")
	file := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: q.Encode()}
	db, err := sql.Open("sqlite", file.String())
	if err != nil {
		return nil, datarun.Errorf(datarun.Invalid, "open", "%v", err)
	}
	db.SetMaxOpenConns(connections + sqltable.Spare)
	db.SetMaxIdleConns(2)
	db.SetConnMaxIdleTime(time.Minute) // a file may be put in the place of another
	s.db = db
	return db, nil
}

// Result codes of SQLite.
const (
	codeError   = 1
	codeCorrupt = 11
	codeSchema  = 17
	codeNotADB  = 26
)

// fault makes a datarun.Error of what the driver says.
func (s *Source) fault(ctx context.Context, place string, err error) error {
	var known *datarun.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	kind := datarun.Unavailable // busy, cannot open, input/output
	var e *sqlite.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff {
		case codeError:
			kind = datarun.Invalid // no such column, no such table
		case codeCorrupt:
			kind = datarun.Corrupt
		case codeNotADB:
			kind = datarun.Invalid
		case codeSchema:
			kind = datarun.Unavailable
		}
	}
	return datarun.Errorf(kind, place, "%v", err)
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
	return s.reader.Read(ctx, &session{source: s, conn: conn, paged: table.Blocks}, plan, position, emit)
}

// Ack does nothing: the table keeps its rows.
func (s *Source) Ack(context.Context, connectors.Stream, datarun.Position) error { return nil }

// Check looks at the file and at each stream's table, columns, key, cursor and deletes.
func (s *Source) Check(ctx context.Context, streams []connectors.Stream) (connectors.Report, error) {
	var report connectors.Report
	conn, err := s.connect(ctx)
	var mode string
	if err == nil {
		defer func() { _ = conn.Close() }()
		if err = s.fault(ctx, "open", conn.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(new(int))); err == nil {
			err = s.fault(ctx, "open", conn.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode))
		}
	}
	if err != nil {
		if ctx.Err() != nil {
			return report, ctx.Err()
		}
		report.Findings = append(report.Findings, connectors.Finding{Level: connectors.Fail, What: "connect", Detail: err.Error()})
		return report, nil
	}
	report.Findings = append(report.Findings, connectors.Finding{Level: connectors.Pass, What: "connect", Detail: "opened, journal mode " + mode})
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

// Discover drafts an entry for each table and view.
func (s *Source) Discover(ctx context.Context) ([]connectors.Draft, error) {
	conn, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	var names []string
	err = sqltable.EachRow(ctx, conn, sqltable.Query{SQL: listTables}, func(values []driver.Value) (bool, error) {
		names = append(names, fmt.Sprint(values[0]))
		return false, nil
	})
	if err != nil {
		return nil, s.fault(ctx, "discover", err)
	}
	var drafts []connectors.Draft
	for _, name := range names {
		table, err := s.table(ctx, conn, name)
		if err != nil {
			if kind := datarun.KindOf(err); kind == datarun.NotFound || kind == datarun.Invalid {
				continue // dropped since, or a view of what is not there
			}
			return nil, err
		}
		drafts = append(drafts, sqltable.DraftOf(table, name, dialect))
	}
	return drafts, nil
}

// Close closes the file.
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
