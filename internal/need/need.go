package need

import (
	"os"
	"testing"

	"datarun/internal/program"
)

// Program returns the path of the first of names that program.Find finds. When none is there it skips the test, or fails
// it where DATARUN_NO_SKIP=1.
func Program(t testing.TB, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, ok := program.Find(name); ok {
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
