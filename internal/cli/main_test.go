package cli

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain makes the test binary the connector that a command starts: the command runs its own executable again.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "connector" && os.Args[2] == "serve" {
		os.Exit(Main(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// run calls the command line as main does, and returns the exit code and what it printed.
func run(t testing.TB, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	out, err := os.Stdout, os.Stderr
	defer func() { os.Stdout, os.Stderr = out, err }()
	readOut, readErr := pipe(t, &os.Stdout), pipe(t, &os.Stderr)
	code = Main(args)
	return code, readOut(), readErr()
}

// pipe puts a pipe in the place of *f; the function it returns gives what was written.
func pipe(t testing.TB, f **os.File) func() string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	*f = w
	all := make(chan string)
	go func() {
		b, _ := io.ReadAll(r) // what was read counts
		all <- string(b)
	}()
	return func() string {
		w.Close()
		defer r.Close()
		return <-all
	}
}

// write makes a file in a folder of the test and returns its path.
func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// lines are the lines of a command's output.
func lines(text string) []string { return strings.Split(strings.TrimSpace(text), "\n") }
