package mariatest

import (
	"database/sql"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"datarun/internal/need"
)

// Config is how to reach a database of the server.
type Config struct {
	Host     string // 127.0.0.1
	Port     int
	User     string // may do everything
	Password string
	Database string
}

// DSN returns the configuration in the form of the Go driver.
func (c Config) DSN() string {
	return fmt.Sprintf("%s:%s@tcp(%s:%d)/%s", c.User, c.Password, c.Host, c.Port, c.Database)
}

// Settings returns the configuration as the settings of the mysql connector.
func (c Config) Settings() []byte {
	return fmt.Appendf(nil, `{"host":%q,"port":%d,"user":%q,"password":%q,"database":%q,"sslmode":"disable"}`, c.Host, c.Port, c.User, c.Password, c.Database)
}

const startTime = 60 * time.Second

var (
	once    sync.Once
	server  Config
	failure error
	counter atomic.Int64

	// lifeline is the server's standard input: held open, and from the collector, until this process ends.
	lifeline io.WriteCloser //nolint:unused // to be held is its use
)

// Start returns a new, empty database on the test binary's server, which the first call starts.
func Start(t testing.TB) Config {
	t.Helper()
	install, daemon := need.Program(t, "mariadb-install-db"), need.Program(t, "mariadbd")
	once.Do(func() { server, failure = start(install, daemon) })
	if failure != nil {
		t.Fatalf("mariatest: %v", failure)
	}
	c := server
	c.Database = fmt.Sprintf("t%d", counter.Add(1))
	admin := Open(t, server)
	if _, err := admin.Exec("CREATE DATABASE " + c.Database + " CHARACTER SET utf8mb4"); err != nil {
		t.Fatalf("mariatest: %v", err)
	}
	return c
}

// Open opens a pool on the database, which is closed with the test. It allows several statements in one Exec.
func Open(t testing.TB, c Config) *sql.DB {
	t.Helper()
	db, err := open(c)
	if err != nil {
		t.Fatalf("mariatest: %v", err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func open(c Config) (*sql.DB, error) {
	config, err := mysql.ParseDSN(c.DSN())
	if err != nil {
		return nil, err
	}
	config.MultiStatements = true
	config.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

// start makes a data directory and runs the server on it. The directory is not a test's, since the server outlives the
// test that came first.
func start(install, daemon string) (Config, error) {
	c := Config{Host: "127.0.0.1", User: "datarun", Password: "secret-of-mariatest"}
	dir, err := os.MkdirTemp("", "mariatest-")
	if err != nil {
		return c, err
	}
	data := filepath.Join(dir, "data")
	user := "--user=" + userName()
	setup := exec.Command(install, "--no-defaults", "--datadir="+data, user, "--auth-root-authentication-method=normal", "--skip-test-db")
	if out, err := setup.CombinedOutput(); err != nil {
		return c, fmt.Errorf("%s: %w: %s", install, err, out)
	}
	first := filepath.Join(dir, "first.sql")
	grant := fmt.Sprintf("CREATE USER '%s'@'%%' IDENTIFIED BY '%s';\nGRANT ALL ON *.* TO '%[1]s'@'%%' WITH GRANT OPTION;\n", c.User, c.Password)
	if err := os.WriteFile(first, []byte(grant), 0o600); err != nil {
		return c, err
	}
	if c.Port, err = freePort(); err != nil {
		return c, err
	}
	// An odd zone on purpose: the connector must not depend on it.
	args := []string{
		daemon, "--no-defaults", "--datadir=" + data, user, "--port=" + strconv.Itoa(c.Port), "--bind-address=127.0.0.1", "--socket=" + filepath.Join(dir, "socket"),
		"--skip-name-resolve", "--init-file=" + first, "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--innodb-buffer-pool-size=64M",
		"--innodb-log-file-size=64M", "--default-time-zone=-05:00", "--max-connections=100",
	}
	log := filepath.Join(dir, "log")
	keeper := exec.Command("/bin/sh", append([]string{"-c", keep, "keeper", dir}, args...)...)
	keeper.Dir, keeper.SysProcAttr = dir, &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C must not come before the clean-up
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
// kills the server, which would take its time to stop, and removes the directory.
const keep = `dir=$1; shift; "$@" & server=$!; read nothing; kill -KILL $server; wait $server; rm -rf "$dir"`

// userName is who the server is to run as: it refuses to be root unless told so.
func userName() string {
	if os.Geteuid() == 0 {
		return "root"
	}
	return os.Getenv("USER")
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
	db, err := open(c)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	deadline := time.Now().Add(startTime)
	for {
		if err = db.Ping(); err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			text, _ := os.ReadFile(log)
			return fmt.Errorf("the server does not answer: %w: %.4000s", err, text)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
