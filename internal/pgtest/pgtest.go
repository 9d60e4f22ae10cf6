package pgtest

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"datarun/internal/need"
)

// Config is how to reach a database of the server.
type Config struct {
	Host     string // 127.0.0.1
	Port     int
	User     string // a superuser
	Password string
	Database string
}

// DSN returns the configuration as a URL.
func (c Config) DSN() string {
	return fmt.Sprintf("postgres://%s:%s@%s:%d/%s?sslmode=disable", c.User, c.Password, c.Host, c.Port, c.Database)
}

// Settings returns the configuration as the settings of the postgres connector.
func (c Config) Settings() []byte {
	return fmt.Appendf(nil, `{"host":%q,"port":%d,"user":%q,"password":%q,"database":%q,"sslmode":"disable"}`, c.Host, c.Port, c.User, c.Password, c.Database)
}

const startTime = 30 * time.Second

var (
	once    sync.Once
	server  Config
	failure error
	counter atomic.Int64

	// lifeline is the server's standard input: held open, and from the collector, until this process ends.
	lifeline io.WriteCloser //nolint:unused // to be held is its use
)

// Start returns a new, empty database on the test binary's server, which the first call starts.
func Start(t testing.TB) Config { return StartEncoded(t, "UTF8") }

// StartEncoded is Start with a database of the given encoding, such as SQL_ASCII.
func StartEncoded(t testing.TB, encoding string) Config {
	t.Helper()
	initdb, postgres := need.Program(t, "initdb"), need.Program(t, "postgres")
	once.Do(func() { server, failure = start(initdb, postgres) })
	if failure != nil {
		t.Fatalf("pgtest: %v", failure)
	}
	c := server
	c.Database = fmt.Sprintf("t%d", counter.Add(1))
	admin := server
	admin.Database = "postgres"
	Exec(t, admin, fmt.Sprintf("CREATE DATABASE %s TEMPLATE template0 ENCODING '%s' LC_COLLATE 'C' LC_CTYPE 'C'", c.Database, encoding))
	return c
}

// Exec runs SQL, one or more statements, and fails the test when it fails.
func Exec(t testing.TB, c Config, sql string) {
	t.Helper()
	conn := Connect(t, c)
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(context.Background(), sql).ReadAll(); err != nil {
		t.Fatalf("pgtest: %.200s: %v", sql, err)
	}
}

// Connect opens a connection, for a test that needs a transaction of its own. The caller closes it.
func Connect(t testing.TB, c Config) *pgconn.PgConn {
	t.Helper()
	conn, err := pgconn.Connect(context.Background(), c.DSN())
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	return conn
}

// start makes a data directory and runs the server on it. The directory is not a test's, since the server outlives the
// test that came first.
func start(initdb, postgres string) (Config, error) {
	c := Config{Host: "127.0.0.1", User: "datarun", Password: "secret-of-pgtest", Database: "postgres"}
	dir, err := os.MkdirTemp("", "pgtest-")
	if err != nil {
		return c, err
	}
	attr, err := unprivileged(dir)
	if err != nil {
		return c, err
	}
	data := filepath.Join(dir, "data")
	setup := exec.Command(initdb, "-D", data, "-U", c.User, "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
	setup.Dir, setup.SysProcAttr = dir, attr
	if out, err := setup.CombinedOutput(); err != nil {
		return c, fmt.Errorf("initdb: %w: %s", err, out)
	}
	if c.Port, err = freePort(); err != nil {
		return c, err
	}
	// Odd settings on purpose: the connector must not depend on them.
	args := []string{
		postgres, "-D", data, "-p", strconv.Itoa(c.Port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "shared_buffers=64MB", "-c", "max_connections=100",
		"-c", "timezone=America/New_York", "-c", "datestyle=SQL,DMY", "-c", "max_wal_size=4GB",
	}
	log := filepath.Join(dir, "log")
	keeper := exec.Command("/bin/sh", append([]string{"-c", keep, "keeper", dir}, args...)...)
	keeper.Dir, keeper.SysProcAttr = dir, attr
	if lifeline, err = keeper.StdinPipe(); err != nil {
		return c, err
	}
	if keeper.Stdout, err = os.Create(log); err != nil {
		return c, err
	}
	keeper.Stderr = keeper.Stdout
	if err := keeper.Start(); err != nil {
		return c, err
	}
	return c, await(c, log)
}

// keep runs the server until its standard input closes, which the end of the test binary does however it ends; then it
// stops the server and removes the directory.
const keep = `dir=$1; shift; "$@" & server=$!; read nothing; kill -QUIT $server; wait $server; rm -rf "$dir"`

// unprivileged says how to run what refuses to run as root, and hands over dir.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C at the terminal must not come before the clean-up
	if os.Geteuid() != 0 {
		return attr, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attr, os.Chown(dir, uid, gid)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// await returns when the server answers.
func await(c Config, log string) error {
	deadline := time.Now().Add(startTime)
	for {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		conn, err := pgconn.Connect(ctx, c.DSN())
		if err == nil {
			err = conn.Close(ctx)
			cancel()
			return err
		}
		cancel()
		if time.Now().After(deadline) {
			text, _ := os.ReadFile(log)
			return fmt.Errorf("the server does not answer: %w: %.4000s", err, text)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
