package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"datarun/internal/kafkatest"
)

// binary is the hub's executable, built once per test binary.
var binary string

func TestMain(m *testing.M) {
	if !enabled() {
		os.Exit(m.Run())
	}
	dir, err := os.MkdirTemp("", "datarun-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := 1
	if err := build(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		code = kafkatest.Main(m)
		if left := await(10*time.Second, func() bool { return len(ours("")) == 0 }); left != nil {
			fmt.Fprintln(os.Stderr, "processes were left behind:", ours(""))
			code = 1
		}
	}
	_ = os.RemoveAll(dir) // left to the system's cleaning otherwise
	os.Exit(code)
}

func enabled() bool { return os.Getenv("DATARUN_E2E") == "1" }

// needE2E skips a test that was not asked for. It never fails one: that the whole path is run is said by the verb that
// sets DATARUN_E2E.
func needE2E(t *testing.T) {
	t.Helper()
	if !enabled() {
		t.Skip("set DATARUN_E2E=1, or run make e2e")
	}
}

func build(dir string) error {
	binary = filepath.Join(dir, "datarun")
	cmd := exec.Command("go", "build", "-o", binary, "datarun/cmd/datarun")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// await polls until done says so, and returns an error when it did not in time.
func await(limit time.Duration, done func() bool) error {
	for deadline := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		if done() {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not within %s", limit)
		}
	}
}
