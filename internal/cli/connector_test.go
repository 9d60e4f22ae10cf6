package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"datarun/internal/app"
)

func TestConnectorList(t *testing.T) {
	code, stdout, _ := run(t, "connector", "list", "-o", "json")
	var listed []struct{ Name, Title, Summary string }
	if err := json.Unmarshal([]byte(stdout), &listed); err != nil || code != 0 {
		t.Fatalf("exit %d: %v:\n%s", code, err, stdout)
	}
	var names []string
	for _, c := range listed {
		names = append(names, c.Name)
		if c.Title == "" || c.Summary == "" {
			t.Errorf("%s is not described", c.Name)
		}
	}
	if want := []string{"files", "mysql", "postgres", "restapi", "sqlite"}; !slices.Equal(names, want) {
		t.Errorf("%v, want %v", names, want)
	}
	if _, table, _ := run(t, "connector", "list"); len(lines(table)) != len(names)+1 {
		t.Errorf("a table of %d lines:\n%s", len(lines(table)), table)
	}
}

var (
	settingsType = regexp.MustCompile(`(?s)type settings struct \{(.*?)\n\}`)
	settingsKey  = regexp.MustCompile("json:\"([a-z_]+)")
)

// settingsKeys reads the keys of a connector's settings from its source.
func settingsKeys(t testing.TB, connector string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "connectors", connector, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if body := settingsType.FindSubmatch(text); body != nil {
			for _, m := range settingsKey.FindAllSubmatch(body[1], -1) {
				keys = append(keys, string(m[1]))
			}
		}
	}
	return keys
}

// Whoever adds a setting has to say what it means.
func TestConnectorShowNamesEverySetting(t *testing.T) {
	for _, c := range app.Builtin {
		code, stdout, _ := run(t, "connector", "show", c.Name)
		if code != 0 || !strings.HasPrefix(stdout, "# "+c.Name) {
			t.Errorf("%s: exit %d:\n%s", c.Name, code, stdout)
		}
		keys := settingsKeys(t, c.Name)
		if len(keys) == 0 {
			t.Errorf("%s: no type settings found", c.Name)
		}
		for _, key := range keys {
			if !regexp.MustCompile(`\b` + key + `\b`).MatchString(stdout) {
				t.Errorf("%s: the help is silent about %s", c.Name, key)
			}
		}
	}
}

// dropFolder is a configuration with a drop folder that holds one CSV with a broken line.
func dropFolder(t testing.TB) string {
	t.Helper()
	folder := t.TempDir()
	text := "id,name\n1,张三\n2,李\"四\n3,王五\n"
	if err := os.WriteFile(filepath.Join(folder, "persons.csv"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return write(t, "datarun.yaml", fmt.Sprintf(`hub: demo
kafka: {listen: "127.0.0.1:0"}
sources:
  - name: police
    connector: files
    settings: {folder: %q, settle: 1ms}
    streams:
      - {name: persons, resource: 301001/000001, object: "persons*.csv"}
`, folder))
}

func TestConnectorRun(t *testing.T) {
	file := dropFolder(t)
	code, stdout, stderr := run(t, "connector", "run", "-c", file, "police", "persons")
	if code != 0 {
		t.Fatalf("exit %d:\n%s", code, stderr)
	}
	var ids []string
	for _, line := range lines(stdout) {
		var row map[string]string
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		ids = append(ids, row["id"]+row["name"])
	}
	if want := []string{"1张三", "3王五"}; !slices.Equal(ids, want) {
		t.Errorf("%v, want %v", ids, want)
	}
	if !strings.Contains(stderr, "persons.csv:3") || !strings.Contains(stderr, "1 row could not be read") {
		t.Errorf("the broken line is not shown:\n%s", stderr)
	}
	if strings.Contains(stderr, "李") {
		t.Errorf("a value of the broken line is shown:\n%s", stderr)
	}

	// Nothing was acked: the same is there again.
	if _, again, _ := run(t, "connector", "run", "-c", file, "-n", "1", "police", "persons"); again != lines(stdout)[0]+"\n" {
		t.Errorf("with -n 1: %q", again)
	}
	if code, _, _ := run(t, "connector", "run", "-c", file, "police", "stays"); code != 4 {
		t.Errorf("a stream that is not there: exit %d, want 4", code)
	}
}

func TestConnectorDiscover(t *testing.T) {
	file := dropFolder(t)
	code, stdout, stderr := run(t, "connector", "discover", "-c", file, "police")
	if code != 0 || !strings.Contains(stdout, "# object: persons.csv") || !strings.Contains(stdout, "kind: resource") || !strings.Contains(stdout, "name: id") {
		t.Errorf("exit %d:\n%s%s", code, stdout, stderr)
	}
	if code, _, _ := run(t, "connector", "discover", "-c", file, "police", "other.csv"); code != 4 {
		t.Errorf("an object that is not there: exit %d, want 4", code)
	}
}

func TestConnectorCheck(t *testing.T) {
	code, stdout, stderr := run(t, "connector", "check", "-c", dropFolder(t), "-o", "json", "police")
	if code != 0 || !json.Valid([]byte(stdout)) || !strings.Contains(stdout, "persons") {
		t.Errorf("exit %d:\n%s%s", code, stdout, stderr)
	}
}

func TestConfigCheckNamesTheBrokenSource(t *testing.T) {
	file := write(t, "datarun.yaml", `hub: demo
kafka: {listen: "127.0.0.1:0"}
clickhouse: {engine: ./none}
portal: {listen: "0.0.0.0:8080"}
sources:
  - name: police
    connector: files
    settings: {folder: ./no-such-folder}
    streams:
      - {name: persons, resource: 301001/000001, object: "*.csv"}
`)
	code, stdout, stderr := run(t, "config", "check", "-c", file, "-o", "json")
	var found []app.CheckLine
	if err := json.Unmarshal([]byte(stdout), &found); err != nil {
		t.Fatalf("%v:\n%s%s", err, stdout, stderr)
	}
	if code != 3 || !strings.Contains(stderr, "not work") {
		t.Errorf("exit %d, want 3:\n%s", code, stderr)
	}
	levels := map[string]string{}
	for _, l := range found {
		levels[l.Part] += string(l.Level) + " "
	}
	if !strings.Contains(levels["source police"], "fail") || !strings.Contains(levels["portal"], "warn") || levels["kafka"] != "pass " {
		t.Errorf("%v", levels)
	}
}
