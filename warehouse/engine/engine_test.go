package engine_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"datarun"
	"datarun/warehouse"
	"datarun/warehouse/engine"
	"datarun/warehouse/engine/enginetest"
)

func TestStartServesOnlyItsUser(t *testing.T) {
	e := enginetest.Start(t)
	ctx := t.Context()
	db := enginetest.Open(t)
	var version string
	err := db.Select(ctx, "SELECT version()", func(scan func(...any) error) error { return scan(&version) })
	if err != nil || version == "" {
		t.Fatalf("version = %q, err = %v", version, err)
	}
	t.Log(version)

	anonymous := e.Access()
	anonymous.User, anonymous.Password = "default", ""
	if _, err := warehouse.Open(ctx, anonymous); datarun.KindOf(err) != datarun.Denied {
		t.Errorf("default user may make a database: err = %v, want Denied", err)
	}
}

// The library ends its process when a login over the native port fails. What matters is that it ends at once, and that
// Run brings it back on the same ports with the same data.
func TestRunBringsADeadEngineBack(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	up := make(chan *engine.Engine, 10)
	ended := make(chan error, 1)
	config := enginetest.Config(t, t.TempDir())
	go func() { ended <- engine.Run(ctx, config, func(e *engine.Engine) { up <- e }) }()
	first := <-up
	db := open(t, first)
	for _, cause := range []func(){
		func() {
			p, _ := os.FindProcess(first.PID())
			p.Kill()
		},
		func() {
			wrong := first.Access()
			wrong.Password = "wrong"
			if _, err := warehouse.Open(ctx, wrong); datarun.KindOf(err) != datarun.Denied {
				t.Errorf("wrong password: err = %v, want Denied", err)
			}
			if program, _ := engine.Find(""); !program.Library {
				p, _ := os.FindProcess(first.PID())
				p.Kill()
			}
		},
	} {
		cause()
		<-first.Done()
		first = <-up
		if err := db.Ping(ctx); err != nil {
			t.Errorf("the old pool does not find the new engine: %v", err)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	<-first.Done()
}

func TestDataOutlivesAKill(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	config := enginetest.Config(t, dir)
	e := start(t, config)
	db := open(t, e)
	for _, q := range []string{"CREATE TABLE datarun.t (a Int64) ENGINE = MergeTree ORDER BY a SETTINGS fsync_after_insert = 1", "INSERT INTO datarun.t SELECT number FROM numbers(1000)"} {
		if err := db.Exec(ctx, q); err != nil {
			t.Fatal(err)
		}
	}
	p, _ := os.FindProcess(e.PID())
	p.Kill()
	<-e.Done()
	if e.Err() == nil {
		t.Error("a killed engine has no Err")
	}
	if err := db.Ping(ctx); datarun.KindOf(err) != datarun.Unavailable {
		t.Errorf("ping of a dead engine: %v, want Unavailable", err)
	}
	e = start(t, config)
	var n uint64
	db = open(t, e)
	if err := db.Select(ctx, "SELECT count() FROM datarun.t", func(scan func(...any) error) error { return scan(&n) }); err != nil || n != 1000 {
		t.Errorf("after the kill: %d rows, err = %v", n, err)
	}
	stop, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if err := e.Stop(stop); err != nil {
		t.Error(err)
	}
	if e.Err() != nil {
		t.Errorf("after Stop: %v", e.Err())
	}
}

func TestPasswordIsPrivate(t *testing.T) {
	dir := t.TempDir()
	e := start(t, enginetest.Config(t, dir))
	password, err := os.ReadFile(filepath.Join(dir, "password"))
	if err != nil {
		t.Fatal(err)
	}
	secret := strings.TrimSpace(string(password))
	for _, name := range []string{"password", "config.xml", "users.xml", "engine.log"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, err %v", name, info.Mode(), err)
		}
		text, _ := os.ReadFile(filepath.Join(dir, name))
		if name != "password" && strings.Contains(string(text), secret) {
			t.Errorf("%s has the password", name)
		}
	}
	if line, err := os.ReadFile("/proc/" + strconv.Itoa(e.PID()) + "/cmdline"); err == nil && strings.Contains(string(line), secret) {
		t.Error("the command line has the password")
	}
}

func start(t *testing.T, c engine.Config) *engine.Engine {
	t.Helper()
	e, err := engine.Start(t.Context(), c)
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(c.Dir, "engine.log"))
		t.Fatalf("%v\n%s", err, log)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		_ = e.Stop(ctx)
	})
	return e
}

func open(t *testing.T, e *engine.Engine) *warehouse.DB {
	t.Helper()
	db, err := warehouse.Open(t.Context(), e.Access())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}
