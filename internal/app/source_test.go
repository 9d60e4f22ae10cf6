package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"datarun"
	"datarun/internal/config"
)

func testSource() *config.Source {
	return &config.Source{
		Name: "housing", Connector: "postgres", Poll: time.Second,
		Settings: map[string]any{"host": "db", "password": "${env:DATARUN_TEST_SECRET}", "hosts": []any{"${env:DATARUN_TEST_SECRET}"}},
		Streams: []config.Stream{
			{Name: "house", Resource: "306001/000001", Object: "house", Options: map[string]any{"cursor": "updated_at"}},
			{Name: "permit", Resource: "306001/000002", Object: "permit"},
		},
	}
}

func TestSourcePlan(t *testing.T) {
	t.Setenv("DATARUN_TEST_SECRET", "s3cret\"")
	src := testSource()
	fs := &flows{}
	fs.put(houseFlow(t))
	plan, err := SourcePlan(src, fs.resource)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"host":"db","hosts":["s3cret\""],"password":"s3cret\""}`; string(plan.Settings) != want {
		t.Errorf("settings %s, want %s", plan.Settings, want)
	}
	if src.Settings["password"] != "${env:DATARUN_TEST_SECRET}" {
		t.Error("the secret was written into the configuration")
	}
	if len(plan.Streams) != 1 || plan.Streams[0].Name != "house" {
		t.Fatalf("streams %+v: want the one that has an entry", plan.Streams)
	}
	s := plan.Streams[0]
	if len(s.Items) != 2 || len(s.Key) != 1 || s.Poll != time.Second || string(s.Options) != `{"cursor":"updated_at"}` {
		t.Errorf("%+v", s)
	}
	if plan.Source != "housing" || strings.Join(plan.Command.Args, " ") != "connector serve postgres" {
		t.Errorf("%s: %v", plan.Source, plan.Command.Args)
	}

	all, err := SourcePlan(src, nil)
	if err != nil || len(all.Streams) != 2 || all.Streams[0].Items != nil || all.Streams[1].Options != nil {
		t.Errorf("without a directory: %+v, %v", all.Streams, err)
	}
}

func TestSourcePlanErrors(t *testing.T) {
	t.Setenv("DATARUN_TEST_SECRET", "s3cret")
	tests := []struct {
		name   string
		change func(*config.Source)
		says   string
	}{
		{"no such connector", func(s *config.Source) { s.Connector = "oracle" }, "oracle"},
		{"secret not set", func(s *config.Source) { s.Settings["user"] = "${env:DATARUN_TEST_NOT_SET}" }, "DATARUN_TEST_NOT_SET"},
		{"secret file away", func(s *config.Source) { s.Settings["user"] = "${file:/none/there}" }, "/none/there"},
		{"settings that are no JSON", func(s *config.Source) { s.Settings["user"] = func() {} }, "settings"},
		{"options that are no JSON", func(s *config.Source) { s.Streams[1].Options = map[string]any{"a": func() {}} }, "housing"},
	}
	for _, test := range tests {
		src := testSource()
		test.change(src)
		_, err := SourcePlan(src, nil)
		if err == nil || datarun.KindOf(err) != datarun.Invalid || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want invalid with %q", test.name, err, test.says)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: the error has the secret: %v", test.name, err)
		}
	}
}

// A third party's connector is run as it is configured, with its checksum.
func TestSourceCommandOfAThirdParty(t *testing.T) {
	src := &config.Source{Name: "x", Command: config.Command{Path: "/opt/x", Args: []string{"-v"}, SHA256: "abc"}}
	c, err := SourceCommand(src)
	if err != nil || c.Path != "/opt/x" || c.SHA256 != "abc" || len(c.Args) != 1 || c.Name != "x" {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestBuiltin(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Builtin {
		if found, ok := FindBuiltin(c.Name); !ok || found.Summary != c.Summary || seen[c.Name] {
			t.Errorf("%s is not found, or is there twice", c.Name)
		}
		seen[c.Name] = true
	}
	if _, ok := FindBuiltin(""); ok {
		t.Error("no name finds a connector")
	}
}

func TestTLSConfig(t *testing.T) {
	junk := filepath.Join(t.TempDir(), "junk.pem")
	if err := os.WriteFile(junk, []byte("not a certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		tls  config.TLS
		on   bool
		ok   bool
	}{
		{"off", config.TLS{CA: "none.pem"}, false, true},
		{"the system's CAs", config.TLS{Enabled: true}, true, true},
		{"CA away", config.TLS{Enabled: true, CA: junk + ".none"}, false, false},
		{"CA is no certificate", config.TLS{Enabled: true, CA: junk}, false, false},
		{"certificate is none", config.TLS{Enabled: true, Cert: junk, Key: junk}, false, false},
		{"key away", config.TLS{Enabled: true, Cert: junk}, false, false},
	}
	for _, test := range tests {
		got, err := tlsConfig(test.tls)
		if (got != nil) != test.on || (err == nil) != test.ok || err != nil && datarun.KindOf(err) != datarun.Invalid {
			t.Errorf("%s: %v, %v", test.name, got != nil, err)
		}
	}
}
