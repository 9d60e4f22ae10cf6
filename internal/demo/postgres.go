package demo

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"datarun"
	"datarun/internal/program"
)

// postgresServer is the housing bureau's own PostgreSQL, a private server in the demo's folder on a loopback port.
type postgresServer struct {
	cmd  *exec.Cmd
	port int
}

// startPostgres makes (once) and starts a server below dir. NotFound means that the machine has no PostgreSQL.
func startPostgres(ctx context.Context, dir string) (*postgresServer, error) {
	initdb, ok := program.Find("initdb")
	server, ok2 := program.Find("postgres")
	if !ok || !ok2 {
		return nil, datarun.Errorf(datarun.NotFound, "demo", "no PostgreSQL server on this machine")
	}
	attr, err := unprivileged(dir)
	if err != nil {
		return nil, err
	}
	// Below /root, say, the user that the server is to run as cannot get into the folder.
	probe := exec.CommandContext(ctx, initdb, "--version")
	probe.SysProcAttr, probe.Dir = attr, dir
	if err := probe.Run(); err != nil && ctx.Err() == nil {
		return nil, datarun.Errorf(datarun.NotFound, "demo", "PostgreSQL cannot run in the demo's folder: %w", err)
	}
	data := filepath.Join(dir, "data")
	if _, err := os.Stat(filepath.Join(data, "PG_VERSION")); err != nil {
		cmd := exec.CommandContext(ctx, initdb, "-D", data, "-U", "housing", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
		cmd.SysProcAttr, cmd.Dir = attr, dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, datarun.Errorf(datarun.Internal, "demo", "initdb: %w: %s", err, out)
		}
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(filepath.Join(filepath.Dir(dir), "housing-postgres.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, datarun.Errorf(datarun.Internal, "demo", "%w", err)
	}
	defer log.Close()
	s := &postgresServer{port: port}
	//nolint:noctx // stop ends it, in good order
	s.cmd = exec.Command(server, "-D", data, "-p", strconv.Itoa(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off")
	s.cmd.SysProcAttr, s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = attr, dir, log, log
	if err := s.cmd.Start(); err != nil {
		return nil, datarun.Errorf(datarun.Internal, "demo", "start PostgreSQL: %w", err)
	}
	return s, s.wait(ctx)
}

// unprivileged makes dir and says how a server is to be run below it: not as root, which PostgreSQL refuses, and not
// longer than this process.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, datarun.Errorf(datarun.Internal, "demo", "%w", err)
	}
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGINT}
	if os.Getuid() != 0 {
		return attr, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		if err := os.Chown(dir, uid, gid); err != nil {
			return nil, datarun.Errorf(datarun.Internal, "demo", "%w", err)
		}
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		return attr, nil
	}
	return nil, datarun.Errorf(datarun.NotFound, "demo", "PostgreSQL does not run as root and there is no user postgres or nobody")
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, datarun.Errorf(datarun.Unavailable, "demo", "%w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func (s *postgresServer) dsn() string {
	return fmt.Sprintf("postgres://housing@127.0.0.1:%d/postgres?sslmode=disable", s.port)
}

// wait returns when the server answers.
func (s *postgresServer) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	db, err := sql.Open("pgx", s.dsn())
	if err != nil {
		return datarun.Errorf(datarun.Internal, "demo", "%w", err)
	}
	defer db.Close()
	for db.PingContext(ctx) != nil {
		select {
		case <-ctx.Done():
			s.stop()
			return datarun.Errorf(datarun.Unavailable, "demo", "PostgreSQL did not answer; see housing-postgres.log")
		case <-time.After(100 * time.Millisecond):
		}
	}
	return nil
}

// stop ends the server the fast way: connections are closed, the data are flushed.
func (s *postgresServer) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGINT)
	_ = s.cmd.Wait()
}
