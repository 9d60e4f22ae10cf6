package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"datarun/internal/pgtest"
)

// TestConfigCheck checks a configuration with one source that works, one without a server and one without its table.
func TestConfigCheck(t *testing.T) {
	needE2E(t)
	db := newDatabase(t)
	makeHouses(db, "house", 10)
	nobody := pgtest.Config{Host: "127.0.0.1", Port: freePorts(t, 1)[0], User: "nobody", Password: "a-secret-word", Database: "none"}
	h := newHub(t, nil, postgres("housing", db.config, [2]string{"house", houses})+postgres("away", nobody, [2]string{"house", houses})+
		postgres("bare", db.config, [2]string{"nothing", permits}))
	for _, running := range []bool{false, true} {
		if running {
			h.serve()
		}
		r := h.run("config", "check", "-o", "json")
		if r.code != 3 {
			t.Errorf("exit code %d, want 3: %s", r.code, r.err)
		}
		var lines []struct{ Level, Part, What, Detail string }
		if err := json.Unmarshal([]byte(r.out), &lines); err != nil {
			t.Fatalf("%v: %s", err, r.out)
		}
		failed := map[string]int{}
		seen := map[string]int{}
		for _, l := range lines {
			t.Logf("%s\t%s\t%s\t%s", l.Level, l.Part, l.What, l.Detail)
			seen[l.Part]++
			if l.Level == "fail" {
				failed[l.Part]++
			}
		}
		if failed["source away"] == 0 || failed["source bare"] == 0 || len(failed) != 2 {
			t.Errorf("failed: %v, want the sources away and bare", failed)
		}
		for _, part := range []string{"kafka", "clickhouse", "portal", "source housing"} {
			if seen[part] == 0 {
				t.Errorf("says nothing of %s", part)
			}
		}
		if strings.Contains(r.out+r.err, nobody.Password) {
			t.Error("shows a password")
		}
		if !running && !strings.Contains(r.err, "2 parts do not work") {
			t.Errorf("standard error: %s", r.err)
		}
	}
	h.end()
}

// TestExitCodes calls commands that cannot work and wants the code that says why, and nothing on standard output.
func TestExitCodes(t *testing.T) {
	needE2E(t)
	dir := t.TempDir()
	write := func(name, text string) string {
		if err := os.WriteFile(dir+"/"+name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir + "/" + name
	}
	port := freePorts(t, 1)[0]
	good := write("good.yaml", "data: data\n")
	wrong := write("wrong.yaml", "hub: a\nkafak: {}\n")
	remote := write("remote.yaml", fmt.Sprintf("kafka:\n  brokers: ['127.0.0.1:%d']\n", port))
	key := "DATARUN_API_KEY=drk_none"
	for _, test := range []struct {
		name string
		args []string
		want int
		says string
	}{
		{"version", []string{"version"}, 0, ""},
		{"help", []string{"--help"}, 0, ""},
		{"no such command", []string{"fly"}, 2, "fly"},
		{"no such subcommand", []string{"catalog", "fly"}, 2, "fly"},
		{"no such flag", []string{"serve", "--fly"}, 2, "fly"},
		{"arguments missing", []string{"lookup", "-c", good, "306001/000001"}, 2, "lookup"},
		{"one argument too many", []string{"version", "now"}, 2, "version"},
		{"no such format", []string{"connector", "list", "-o", "xml"}, 2, "xml"},
		{"no such role", []string{"serve", "-c", good, "--roles", "fly"}, 3, "--roles"},
		{"configuration with a wrong key", []string{"serve", "-c", wrong}, 3, "wrong.yaml:2"},
		{"not a code", []string{"lookup", "-c", good, "--purpose", "p", "--case", "c", "x", "y"}, 3, "x"},
		{"catalogue file with an unknown key", []string{"catalog", "apply", "-c", good, write("c.yaml", "kind: agency\ncolour: red\n")}, 3, "c.yaml:2"},
		{"no such configuration", []string{"serve", "-c", dir + "/none.yaml"}, 4, "none.yaml"},
		{"no such connector", []string{"connector", "show", "fax"}, 4, "fax"},
		{"no such source", []string{"connector", "check", "-c", good, "fax"}, 4, "fax"},
		{"no hub has run", []string{"lookup", "-c", good, "--purpose", "p", "--case", "c", "306001/000001", "y"}, 4, "data"},
		{"hub is away", []string{"lookup", "-c", good, "--url", fmt.Sprintf("http://127.0.0.1:%d", port), "--purpose", "p", "--case", "c", "306001/000001", "y"}, 6, ""},
		{"Kafka is away", []string{"catalog", "list", "-c", remote}, 6, fmt.Sprint(port)},
	} {
		r := command(t, []string{key}, test.args...)
		if r.code != test.want || !strings.Contains(r.err, test.says) {
			t.Errorf("%s: exit code %d, want %d; standard error: %s", test.name, r.code, test.want, r.err)
		}
		if test.want != 0 && r.out != "" {
			t.Errorf("%s: standard output: %s", test.name, r.out)
		}
	}
}
