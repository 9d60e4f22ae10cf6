package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"datarun"
)

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "datarun.yaml")
	write(t, path, `
hub: ezhou
kafka:
  brokers: [127.0.0.1:9092]
  sasl: {mechanism: PLAIN, user: hub, password: "${env:DATARUN_TEST_SECRET}"}
clickhouse: {memory: 2GiB}
sources:
  - name: housing
    connector: postgres
    settings: {host: db, password: "${file:`+filepath.Join(dir, "pw")+`}"}
    streams:
      - {name: house, resource: 306001/000001, object: public.house, options: {cursor: updated_at}}
`)
	write(t, filepath.Join(dir, "pw"), "from a file\n")
	t.Setenv("DATARUN_TEST_SECRET", "from the environment")
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if c.Hub != "ezhou" || c.ClickHouse.Memory != 2<<30 || c.Sources[0].Poll != 500*time.Millisecond || !c.Has("land") {
		t.Errorf("values or defaults are wrong: %+v", c)
	}
	if c.Data != filepath.Join(dir, "data") {
		t.Errorf("data = %q, want it beside the file", c.Data)
	}
	if got, err := c.Kafka.SASL.Password.Reveal(); err != nil || got != "from the environment" {
		t.Errorf("Reveal = %q, %v", got, err)
	}
	settings, err := ResolveSettings(c.Sources[0].Settings)
	if err != nil || settings["password"] != "from a file" {
		t.Errorf("settings = %v, %v", settings, err)
	}
	for _, shown := range []string{fmt.Sprint(c.Kafka.SASL), fmt.Sprintf("%#v", c.Kafka.SASL), fmt.Sprintf("%+v", c.Kafka)} {
		if strings.Contains(shown, "DATARUN_TEST_SECRET") {
			t.Errorf("a secret prints: %s", shown)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	tests := []struct{ name, yaml, want string }{
		{"unknown key", "hub: a\nkafak: {}\n", "datarun.yaml:2:1: unknown field"},
		{"wrong type", "kafka:\n  partitions: many\n", "datarun.yaml:2:"},
		{"bad size", "clickhouse: {memory: lots}\n", "512KiB"},
		{"bad role", "roles: [land, fly]\n", "datarun.yaml:1: roles[1]: \"fly\": want connect, land or portal"},
		{"bad code", "sources:\n  - name: a\n    connector: files\n    streams:\n      - {name: s, resource: x, object: o}\n", "datarun.yaml:5: sources[0].streams[0].resource"},
		{"two sources of one name", "sources:\n  - {name: a, connector: files}\n  - {name: a, connector: files}\n", "datarun.yaml:3: sources[1].name: another"},
		{"connector and command", "sources:\n  - {name: a}\n", "either connector or command.path"},
		{"embedded broker for the world", "kafka: {listen: '0.0.0.0:9092'}\n", "loopback"},
		{"not YAML", "hub: [", "datarun.yaml"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parse("datarun.yaml", []byte(tt.yaml))
			if err == nil || !strings.Contains(err.Error(), tt.want) || datarun.KindOf(err) != datarun.Invalid {
				t.Errorf("err = %v, want Invalid with %q", err, tt.want)
			}
		})
	}
}

func TestEmptyFileIsTheDefault(t *testing.T) {
	if _, err := parse("datarun.yaml", nil); err != nil {
		t.Error(err)
	}
}

// TestReferenceIsCurrent keeps docs/configuration.md in step; DATARUN_UPDATE=1 rewrites it.
func TestReferenceIsCurrent(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "configuration.md")
	const mark = "<!-- made from internal/config; make generate rewrites it -->\n"
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, _, ok := strings.Cut(string(have), mark)
	want := head + mark + Reference()
	if os.Getenv("DATARUN_UPDATE") == "1" {
		write(t, path, want)
	} else if !ok || string(have) != want {
		t.Error("docs/configuration.md is behind internal/config: run make generate")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("hub: a\nsources: [{name: x, connector: files, poll: 1s}]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, err := parse("f", data); err == nil && c == nil {
			t.Fatal("neither a configuration nor an error")
		}
	})
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
