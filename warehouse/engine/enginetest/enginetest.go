package enginetest

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"datarun/internal/need"
	"datarun/warehouse"
	"datarun/warehouse/engine"
)

var shared struct {
	sync.Mutex
	engine *engine.Engine
	dir    string
	count  int
}

// Main runs the tests of a package that uses Start: call it from TestMain. It also makes the test binary able to be the
// engine's host.
func Main(m *testing.M) {
	if os.Getenv(engine.EnvHost) == "1" {
		os.Exit(engine.Main(os.Args[1:]))
	}
	code := m.Run()
	stop()
	os.Exit(code)
}

func stop() {
	shared.Lock()
	defer shared.Unlock()
	if shared.engine == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	_ = shared.engine.Stop(ctx)
	os.RemoveAll(shared.dir)
}

// Config is how tests start an engine of their own on dir.
func Config(t testing.TB, dir string) engine.Config {
	t.Helper()
	if _, err := engine.Find(""); err != nil {
		need.Missing(t, "%v", err)
	}
	return engine.Config{Dir: dir, Memory: 2 << 30, Host: Host()}
}

// Host is the command that makes this test binary the engine's host.
func Host() []string {
	return []string{"/usr/bin/env", engine.EnvHost + "=1", os.Args[0]}
}

// Start returns the engine that the tests of this binary share, starting it at the first call.
func Start(t testing.TB) *engine.Engine {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.engine != nil {
		return shared.engine
	}
	config := Config(t, "")
	dir, err := os.MkdirTemp("", "datarun-engine-")
	if err != nil {
		t.Fatal(err)
	}
	config.Dir = dir
	e, err := engine.Start(context.Background(), config)
	if err != nil {
		os.RemoveAll(dir)
		t.Fatal(err)
	}
	shared.engine, shared.dir = e, dir
	return e
}

// Open returns a pool to the shared engine with a database of the test's own, dropped when the test ends.
func Open(t testing.TB) *warehouse.DB {
	t.Helper()
	e := Start(t)
	shared.Lock()
	shared.count++
	access := e.Access()
	access.Database = fmt.Sprintf("t%d", shared.count)
	shared.Unlock()
	db, err := warehouse.Open(context.Background(), access)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Exec(context.Background(), "DROP DATABASE IF EXISTS "+db.Database()); err != nil {
			t.Error(err)
		}
		db.Close()
	})
	return db
}
