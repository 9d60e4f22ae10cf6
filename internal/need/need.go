// Package need tells a test what it needs of the machine: a program, a service. What is missing skips the test on a
// laptop and fails it where DATARUN_NO_SKIP=1, so that CI cannot pass by having nothing to run.
package need

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Program returns the path of the first of names that is on the PATH or in a usual place of servers, such as
// /usr/lib/postgresql/15/bin. When none is there it skips the test, or fails it where DATARUN_NO_SKIP=1.
func Program(t testing.TB, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, ok := Find(name); ok {
			return path
		}
	}
	Missing(t, "none of the programs %q is installed", names)
	return ""
}

// Missing skips the test for the given reason, or fails it where DATARUN_NO_SKIP=1.
func Missing(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("DATARUN_NO_SKIP") == "1" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// Find looks for a program on the PATH and where Debian keeps servers off the PATH.
func Find(name string) (string, bool) {
	if path, err := exec.LookPath(name); err == nil {
		return path, true
	}
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin/", "/usr/local/pgsql/bin/", "/usr/sbin/", "/usr/libexec/"} {
		if found, _ := filepath.Glob(pattern + name); len(found) > 0 {
			return found[len(found)-1], true
		}
	}
	return "", false
}
