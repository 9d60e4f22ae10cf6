package wire

import (
	"context"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"datarun/connectors"
	pb "datarun/connectors/wire/proto"
)

// Handshake is what hub and connector must agree on before they talk. ProtocolVersion changes when old connectors can
// no longer be spoken to. The cookie is no secret: it only tells a connector that a hub started it.
var Handshake = plugin.HandshakeConfig{
	ProtocolVersion:  1,
	MagicCookieKey:   "DATARUN_CONNECTOR",
	MagicCookieValue: "source",
}

// PluginName is the name under which go-plugin dispenses the Client.
const PluginName = "source"

// healthService is the name that go-plugin registers with the gRPC health service.
const healthService = plugin.GRPCServiceName

// The flow-control windows: what the hub may have received of one Read and not yet taken. They bound the hub's memory
// per stream. Smaller ones make a connector wait for the hub between messages.
const (
	streamWindow = 1 << 20
	connWindow   = 4 << 20
	ioBuffer     = 64 << 10
	maxRequest   = 16 << 20 // to a connector: the streams of a large source with all their items
)

// Plugins is the set that both halves give to go-plugin. The hub's half passes the zero Connector.
func Plugins(c connectors.Connector) plugin.PluginSet {
	return plugin.PluginSet{PluginName: &sourcePlugin{connector: c}}
}

type sourcePlugin struct {
	plugin.NetRPCUnsupportedPlugin
	connector connectors.Connector
}

var _ plugin.GRPCPlugin = (*sourcePlugin)(nil)

// GRPCServer registers the connector's half.
func (p *sourcePlugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	pb.RegisterSourceServer(s, newServer(p.connector))
	return nil
}

// GRPCClient makes the hub's half, a *Client.
func (p *sourcePlugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return NewClient(conn), nil
}

// ServerOptions are how a connector listens.
func ServerOptions() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.MaxRecvMsgSize(maxRequest),
		grpc.WriteBufferSize(ioBuffer),
		grpc.ReadBufferSize(ioBuffer),
	}
}

// DialOptions are how a hub connects: with windows that bound its memory, and no message over 4 MiB.
func DialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(hardMessage)),
		grpc.WithStaticStreamWindowSize(streamWindow),
		grpc.WithStaticConnWindowSize(connWindow),
		grpc.WithReadBufferSize(ioBuffer),
		grpc.WithWriteBufferSize(ioBuffer),
	}
}
