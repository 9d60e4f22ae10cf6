package warehouse

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"regexp"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"datarun"
)

// DefaultDatabase is the database that the hub's tables live in.
const DefaultDatabase = "datarun"

// Config says which ClickHouse to speak to, and how.
type Config struct {
	Addr     []string    // host:port of the native protocol; the first that answers is used
	User     string      // default "default"
	Password Secret      // may be empty
	Database string      // default DefaultDatabase; letters, digits and underscore
	TLS      *tls.Config // nil: no TLS
	// Cluster is the name of a ClickHouse cluster that tables are made on, replicated. Empty: one server.
	Cluster     string
	Connections int           // most connections at once, default 16
	DialTimeout time.Duration // also the longest wait for a free connection, default 5 s
	ReadTimeout time.Duration // longest silence of the server within a query, default 5 min
	Compression string        // "lz4", "none" or empty: lz4 unless every address is loopback
	Logger      *slog.Logger  // nil: silent
}

// DB is a pool of connections to one ClickHouse, safe for concurrent use. Its statements run in Database.
type DB struct {
	conn     driver.Conn
	database string
	cluster  string
	logger   *slog.Logger
}

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Open makes the pool, waits for one answer of the server and creates the database if it is not there. It fails with
// Unavailable when no server answers and Denied when the server does not accept the user.
func Open(ctx context.Context, c Config) (*DB, error) {
	if c.Database == "" {
		c.Database = DefaultDatabase
	}
	if !identifier.MatchString(c.Database) || (c.Cluster != "" && !identifier.MatchString(c.Cluster)) {
		return nil, datarun.Errorf(datarun.Invalid, "warehouse: open", "database and cluster names are letters, digits and underscore")
	}
	if len(c.Addr) == 0 {
		return nil, datarun.Errorf(datarun.Invalid, "warehouse: open", "no address")
	}
	conn, err := clickhouse.Open(options(c))
	if err != nil {
		return nil, Classify("warehouse: open", err)
	}
	db := &DB{conn: conn, database: c.Database, cluster: c.Cluster, logger: c.Logger}
	if db.logger == nil {
		db.logger = slog.New(slog.DiscardHandler)
	}
	if err := db.prepare(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return db, nil
}

// prepare makes the database. Statements name it in full, so that connections need no default database.
func (db *DB) prepare(ctx context.Context) error {
	if err := db.Ping(ctx); err != nil {
		return err
	}
	return db.Exec(ctx, "CREATE DATABASE IF NOT EXISTS "+db.database+db.OnCluster())
}

func options(c Config) *clickhouse.Options {
	o := &clickhouse.Options{
		Addr:                 c.Addr,
		Auth:                 clickhouse.Auth{Username: c.User, Password: c.Password.Reveal()},
		TLS:                  c.TLS,
		MaxOpenConns:         or(c.Connections, 16),
		MaxIdleConns:         or(c.Connections, 16),
		ConnMaxLifetime:      time.Hour,
		DialTimeout:          or(c.DialTimeout, 5*time.Second),
		ReadTimeout:          or(c.ReadTimeout, 5*time.Minute),
		FreeBufOnConnRelease: true, // an insert leaves tens of MB in the buffer; idle connections must not hold them
	}
	if o.Auth.Username == "" {
		o.Auth.Username = "default"
	}
	if c.Compression == "lz4" || (c.Compression == "" && !loopback(c.Addr)) {
		o.Compression = &clickhouse.Compression{Method: clickhouse.CompressionLZ4}
	}
	return o
}

// loopback reports whether all addresses are of this machine, where compression only costs time.
func loopback(addrs []string) bool {
	for _, addr := range addrs {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return false
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return false
		}
	}
	return true
}

func or[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}

// Ping asks the server for a sign of life.
func (db *DB) Ping(ctx context.Context) error { return Classify("warehouse: ping", db.conn.Ping(ctx)) }

// Exec runs a statement that returns no rows. Values are bound by context (clickhouse.Context), never spliced.
func (db *DB) Exec(ctx context.Context, statement string) error {
	return Classify("warehouse", db.conn.Exec(ctx, statement))
}

// Select runs a query and calls row for each row; row scans it with the function it is given.
func (db *DB) Select(ctx context.Context, query string, row func(scan func(dest ...any) error) error) error {
	rows, err := db.conn.Query(ctx, query)
	if err != nil {
		return Classify("warehouse", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return Classify("warehouse", err)
		}
	}
	return Classify("warehouse", rows.Err())
}

// Conn is the pool itself, for what needs more of the client than Exec and Select. Its errors go through Classify.
func (db *DB) Conn() driver.Conn { return db.conn }

// Database is the database that the hub's tables live in.
func (db *DB) Database() string { return db.database }

// Cluster is the cluster that tables are made on, or empty.
func (db *DB) Cluster() string { return db.cluster }

// OnCluster returns " ON CLUSTER name", or nothing without a cluster.
func (db *DB) OnCluster() string {
	if db.cluster == "" {
		return ""
	}
	return " ON CLUSTER " + db.cluster
}

// Close closes the pool. Running statements fail.
func (db *DB) Close() error { return Classify("warehouse: close", db.conn.Close()) }
