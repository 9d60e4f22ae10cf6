package conntest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"testing"

	"datarun/connectors"
	"datarun/connectors/host"
	"datarun/connectors/wire"
)

// ways are how a connector can be reached. A source of any of them behaves the same.
var ways = []struct {
	name string
	open func(t *testing.T, f Fixture, settings json.RawMessage) (connectors.Source, error)
}{
	{"inprocess", func(_ *testing.T, f Fixture, settings json.RawMessage) (connectors.Source, error) {
		return f.Connector.New(settings)
	}},
	{"wire", func(_ *testing.T, f Fixture, settings json.RawMessage) (connectors.Source, error) {
		return wire.Loopback(f.Connector).New(settings)
	}},
	{"process", func(t *testing.T, f Fixture, settings json.RawMessage) (connectors.Source, error) {
		return Spawn(t.Context(), t, f.Spawn, settings)
	}},
}

// Spawn starts an executable that serves a connector and returns its source; closing it ends the process.
func Spawn(ctx context.Context, t testing.TB, argv []string, settings json.RawMessage) (connectors.Source, error) {
	t.Helper()
	p, err := host.Launch(ctx, Command(t, argv))
	if err != nil {
		return nil, err
	}
	s, err := p.Configure(ctx, settings)
	if err != nil {
		p.Kill()
		return nil, err
	}
	return &spawned{Source: s, process: p}, nil
}

// Command describes an executable to the host, with the checksum that the file has now. Its log goes to the test's.
func Command(t testing.TB, argv []string) host.Command {
	t.Helper()
	f, err := os.Open(argv[0])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		t.Fatal(err)
	}
	return host.Command{Path: argv[0], Args: argv[1:], SHA256: hex.EncodeToString(hash.Sum(nil)), Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
}

type spawned struct {
	connectors.Source
	process *host.Process
}

// Close implements connectors.Source: the process closes the source before it ends.
func (s *spawned) Close() error { return s.process.Close() }

// serveArg makes a test binary a connector. It is unlikely as anything else.
const serveArg = "datarun-conntest-serve"

// Main is the TestMain of a connector's tests: it runs them, unless Self started the binary to be the connector.
func Main(m *testing.M, c connectors.Connector) {
	if len(os.Args) == 2 && os.Args[1] == serveArg {
		wire.Serve(c)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// Self is a Fixture.Spawn that runs the test binary itself as the connector that Main was given.
func Self() []string {
	path, err := os.Executable()
	if err != nil {
		path = os.Args[0]
	}
	return []string{path, serveArg}
}
