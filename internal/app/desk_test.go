package app

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"datarun"
	"datarun/catalog"
	"datarun/internal/config"
)

// envDesk makes the test binary an operator's command: it registers an agency through a desk on that data directory.
const envDesk = "DATARUN_TEST_DESK"

func TestMain(m *testing.M) {
	if data := os.Getenv(envDesk); data != "" {
		cfg := config.Default()
		cfg.Hub, cfg.Data, cfg.Kafka.Listen = "test", data, "127.0.0.1:0"
		if err := register(context.Background(), cfg, datarun.Agency{Code: "114207000000994265", Name: "市场监督管理局(示例)"}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func register(ctx context.Context, cfg *config.Config, a datarun.Agency) error {
	desk, err := OpenDesk(ctx, cfg, silent)
	if err != nil {
		return err
	}
	defer desk.Close()
	_, err = desk.Catalog.Apply(ctx, "test", catalog.PutAgency(a, 0))
	return err
}

// An operator may prepare the directory before the first start of the hub.
func TestDeskWithoutHub(t *testing.T) {
	cfg := embedded(t)
	if err := register(t.Context(), cfg, datarun.Agency{Code: "11420700000099418A", Name: "住房和城乡建设局(示例)"}); err != nil {
		t.Fatal(err)
	}
	desk, err := OpenDesk(t.Context(), cfg, silent)
	if err != nil {
		t.Fatal(err)
	}
	defer desk.Close()
	if m, ok := desk.Catalog.Snapshot().Agency("11420700000099418A"); !ok || m.Version != 1 {
		t.Errorf("the agency is not there: %+v", m)
	}
	store, err := desk.Quarantine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if counts, err := store.Count(t.Context()); err != nil || len(counts) != 0 {
		t.Errorf("a quarantine that nobody filled: %v, %v", counts, err)
	}
}

// Another process changes the directory of a running hub, and the hub follows.
func TestDeskBesideTheHub(t *testing.T) {
	cfg := embedded(t)
	cluster, addr := open(t, cfg)
	if err := writeAddresses(cfg.Data, Addresses{Kafka: addr}); err != nil {
		t.Fatal(err)
	}
	cat, err := openCatalog(t.Context(), cluster)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- cat.Run(ctx) }()
	before := cat.Snapshot()

	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), envDesk+"="+cfg.Data)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	select {
	case <-before.Changed():
	case err := <-done:
		t.Fatalf("the hub's directory ended: %v", err)
	}
	if _, ok := cat.Snapshot().Agency("114207000000994265"); !ok {
		t.Error("the hub does not see what the other process registered")
	}
	cancel()
	<-done
}

func TestAddresses(t *testing.T) {
	dir := t.TempDir()
	if _, err := ReadAddresses(dir); datarun.KindOf(err) != datarun.NotFound {
		t.Errorf("no hub has run: %v", err)
	}
	want := Addresses{Portal: "127.0.0.1:1", Kafka: "127.0.0.1:2", ClickHouse: "127.0.0.1:3", HTTP: "127.0.0.1:4"}
	if err := writeAddresses(dir, want); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadAddresses(dir); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	path := filepath.Join(dir, "addresses.json")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadAddresses(dir); datarun.KindOf(err) != datarun.Corrupt {
		t.Errorf("half a file: %v", err)
	}
	if err := writeAddresses(filepath.Join(dir, "none"), want); datarun.KindOf(err) != datarun.Unavailable {
		t.Errorf("no folder: %v", err)
	}
}
