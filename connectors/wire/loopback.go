package wire

import (
	"context"
	"encoding/json"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/test/bufconn"

	"datarun"
	"datarun/connectors"
	pb "datarun/connectors/wire/proto"
)

// Loopback returns a connector whose sources talk to those of c over a real gRPC connection inside this process: both
// halves of the wire without a child. Closing a source closes its connection.
func Loopback(c connectors.Connector) connectors.Connector {
	inner := c
	c.New = func(settings json.RawMessage) (connectors.Source, error) {
		pipe := bufconn.Listen(ioBuffer)
		server := grpc.NewServer(ServerOptions()...)
		pb.RegisterSourceServer(server, newServer(inner))
		alive := health.NewServer()
		alive.SetServingStatus(healthService, grpc_health_v1.HealthCheckResponse_SERVING)
		grpc_health_v1.RegisterHealthServer(server, alive)
		go func() { _ = server.Serve(pipe) }()
		conn, err := grpc.NewClient("passthrough:loopback", append(DialOptions(),
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return pipe.DialContext(ctx) }))...)
		if err != nil {
			server.Stop()
			return nil, datarun.Wrap("connector wire: loopback", err)
		}
		l := &loopback{Client: NewClient(conn), server: server}
		if err := l.Configure(context.Background(), settings); err != nil {
			l.end()
			return nil, err
		}
		return l, nil
	}
	return c
}

// loopback is a Client that owns both ends.
type loopback struct {
	*Client
	server *grpc.Server
}

// Close closes the source, then both ends.
func (l *loopback) Close() error {
	err := l.Client.Close()
	l.end()
	return err
}

func (l *loopback) end() {
	_ = l.conn.Close()
	l.server.Stop()
}
