package cli

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"datarun"
)

// closedPort is an address that nobody listens on.
func closedPort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestExitCodes(t *testing.T) {
	bad := write(t, "bad.yaml", "hub: demo\nkafka:\n  partitions: 5000\n")
	unknown := write(t, "unknown.yaml", "hub: demo\nkafkaa: {}\n")
	good := write(t, "good.yaml", "hub: demo\nkafka: {listen: \"127.0.0.1:0\"}\n")
	entry := write(t, "entry.yaml", "kind: resource\nshare: eleven\n")
	closed := closedPort(t)
	t.Setenv("DATARUN_API_KEY", "")
	tests := []struct {
		name string
		args []string
		code int
		says string // in standard error
	}{
		{"unknown command", []string{"frobnicate"}, 2, "frobnicate"},
		{"unknown command of a group", []string{"catalog", "frobnicate"}, 2, "catalog --help"},
		{"unknown flag", []string{"version", "--loud"}, 2, "--loud"},
		{"argument missing", []string{"connector", "show"}, 2, "connector show"},
		{"argument too many", []string{"version", "now"}, 2, "version"},
		{"output form unknown", []string{"connector", "list", "-o", "xml"}, 2, "table or json"},
		{"flags that exclude each other", []string{"catalog", "list", "--agencies", "--grants", "-c", good}, 2, "agencies"},
		{"no API key", []string{"lookup", "-c", good, "306001/000001", "1", "--purpose", "p", "--case", "c"}, 2, "--key-file"},
		{"setting out of range", []string{"catalog", "list", "-c", bad}, 3, bad + ":3: kafka.partitions"},
		{"setting unknown", []string{"catalog", "list", "-c", unknown}, 3, unknown + ":2:"},
		{"no resource code", []string{"catalog", "show", "-c", good, "no code"}, 3, ""},
		{"no entry", []string{"catalog", "apply", "-c", good, entry}, 3, "entry.yaml"},
		{"role unknown", []string{"serve", "-c", good, "--roles", "cook"}, 3, "roles"},
		{"configuration away", []string{"catalog", "list", "-c", filepath.Join(t.TempDir(), "none.yaml")}, 4, "none.yaml"},
		{"no such connector", []string{"connector", "show", "oracle"}, 4, "connector list"},
		{"no such connector to serve", []string{"connector", "serve", "oracle"}, 4, "oracle"},
		{"no such source", []string{"connector", "check", "-c", good, "housing"}, 4, "housing"},
		{"no such resource", []string{"catalog", "show", "-c", good, "306001/000001"}, 4, "306001/000001"},
		{"no such demo", []string{"demo", "sql", "--dir", t.TempDir(), "SELECT 1"}, 4, "no demo"},
		{"no key file", []string{"lookup", "-c", good, "306001/000001", "1", "--key-file", filepath.Join(t.TempDir(), "none")}, 4, "none"},
		{"hub away", []string{"lookup", "-c", good, "306001/000001", "1", "--url", "http://" + closed, "--key-file", good}, 6, "lookup"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			code, stdout, stderr := run(t, test.args...)
			if code != test.code || !strings.Contains(stderr, test.says) {
				t.Errorf("exit %d, want %d; standard error, want %q in it:\n%s", code, test.code, test.says, stderr)
			}
			if stdout != "" {
				t.Errorf("standard output is for data:\n%s", stdout)
			}
		})
	}
}

// Every kind of error has the exit code that the help promises.
func TestExitCodeOfEveryKind(t *testing.T) {
	want := map[datarun.Kind]int{
		datarun.Internal: 1, datarun.Invalid: 3, datarun.NotFound: 4, datarun.Denied: 4, datarun.Conflict: 5,
		datarun.Unavailable: 6, datarun.Corrupt: 7,
	}
	for kind, code := range want {
		if got := exitCode(fmt.Errorf("outer: %w", datarun.Errorf(kind, "place", "x"))); got != code {
			t.Errorf("%s: exit %d, want %d", kind, got, code)
		}
	}
	if got := exitCode(fmt.Errorf("nobody classified this")); got != 1 {
		t.Errorf("an error without a kind: exit %d, want 1", got)
	}
}

// walk visits every command below cmd, and cmd.
func walk(cmd *cobra.Command, fn func(*cobra.Command)) {
	fn(cmd)
	for _, sub := range cmd.Commands() {
		walk(sub, fn)
	}
}

func TestEveryCommandIsDescribed(t *testing.T) {
	listings := map[string]bool{}
	walk(newRoot(), func(cmd *cobra.Command) {
		path := strings.TrimPrefix(cmd.CommandPath(), "datarun ")
		if cmd.Short == "" && !cmd.Hidden {
			t.Errorf("%s has no Short", path)
		}
		if strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%s: Short is no sentence", path)
		}
		if cmd.Runnable() && cmd.Args == nil && !cmd.HasSubCommands() {
			t.Errorf("%s takes any arguments", path)
		}
		listing := cmd.Name() == "list" || cmd.Name() == "history"
		if f := cmd.Flags().Lookup("output"); f != nil {
			listings[path] = true
			if f.Shorthand != "o" || f.DefValue != "table" {
				t.Errorf("%s: -%s, default %s", path, f.Shorthand, f.DefValue)
			}
		} else if listing {
			t.Errorf("%s has no -o", path)
		}
	})
	for _, path := range []string{"catalog show", "lookup", "config check", "connector check"} {
		if !listings[path] {
			t.Errorf("%s has no -o", path)
		}
	}
}

// A group called by its name alone shows its commands, on standard output, and that is no failure.
func TestGroupsShowHelp(t *testing.T) {
	for _, args := range [][]string{{}, {"catalog"}, {"connector"}, {"quarantine"}, {"config"}, {"engine"}} {
		code, stdout, _ := run(t, args...)
		if code != 0 || !strings.Contains(stdout, "Available Commands:") {
			t.Errorf("%v: exit %d:\n%s", args, code, stdout)
		}
	}
}

func TestVersion(t *testing.T) {
	code, stdout, _ := run(t, "version")
	if code != 0 || !strings.HasPrefix(stdout, "datarun "+version+" go1.") || len(lines(stdout)) != 1 {
		t.Errorf("exit %d: %q", code, stdout)
	}
}

// Without a file of the default name, and without -c, the defaults hold; a file that was named must be there.
func TestDefaultConfig(t *testing.T) {
	t.Chdir(t.TempDir())
	g := &global{file: DefaultConfig}
	c, err := g.config()
	if err != nil || c.Hub != "hub-1" {
		t.Fatalf("%+v, %v", c, err)
	}
	if err := os.WriteFile(DefaultConfig, []byte("hub: other\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err = g.config(); err != nil || c.Hub != "other" {
		t.Errorf("the file is not read: %v", err)
	}
}
