package wire

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"datarun/connectors"
)

// WatchStdinEnv is set by a host that gives the connector a stdin which closes when the host ends, however it ends.
const WatchStdinEnv = "DATARUN_WATCH_STDIN"

// Serve is the main of a connector process: it speaks the protocol on a private socket until the hub ends the process or
// ends itself, and does not return before. Started by anyone but a hub it prints the connector's help and exits with
// status 2. Logs go to stderr (log/slog's default does); stdout belongs to the protocol.
func Serve(c connectors.Connector) {
	if os.Getenv(Handshake.MagicCookieKey) != Handshake.MagicCookieValue {
		fmt.Fprintf(os.Stderr, "%s: %s\n\nThis program is a connector: a datarun hub starts it.\n\n%s\n", c.Name, c.Summary, c.Help)
		os.Exit(2)
	}
	go exitWithHost()
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: Handshake,
		Plugins:         Plugins(c),
		Logger:          hclog.NewNullLogger(),
		GRPCServer: func(opts []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(opts, ServerOptions()...)...)
		},
	})
}

// exitWithHost ends the process when the one that started it is gone. stdin tells at once and also through a wrapper
// script; the parent's id is the second line for hosts that give no such stdin.
func exitWithHost() {
	if os.Getenv(WatchStdinEnv) == "1" {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			os.Exit(3)
		}()
	}
	parent := os.Getppid()
	for os.Getppid() == parent {
		time.Sleep(time.Second)
	}
	os.Exit(3)
}
