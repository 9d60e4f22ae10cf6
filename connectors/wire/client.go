package wire

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"

	"datarun"
	"datarun/connectors"
	pb "datarun/connectors/wire/proto"
)

// Client is the hub's half of one connector process. It is a connectors.Source once Configure returned nil.
type Client struct {
	conn *grpc.ClientConn
	rpc  pb.SourceClient
}

var _ connectors.Source = (*Client)(nil)

// NewClient makes the hub's half over a connection to a connector, which stays the caller's to close. Make the
// connection with DialOptions.
func NewClient(conn *grpc.ClientConn) *Client {
	return &Client{conn: conn, rpc: pb.NewSourceClient(conn)}
}

// Describe asks the connector for its name and help. New of the result is nil.
func (c *Client) Describe(ctx context.Context) (connectors.Connector, error) {
	d, err := c.rpc.Describe(ctx, &pb.DescribeRequest{})
	if err != nil {
		return connectors.Connector{}, fromStatus(ctx, err)
	}
	return connectors.Connector{Name: d.GetName(), Summary: d.GetSummary(), Title: d.GetTitle(), Help: d.GetHelp()}, nil
}

// Configure makes the source inside the connector. It is called once, before anything else but Describe.
func (c *Client) Configure(ctx context.Context, settings json.RawMessage) error {
	_, err := c.rpc.Configure(ctx, &pb.Settings{Json: settings})
	return fromStatus(ctx, err)
}

// Ping reports whether the connector's process answers at all.
func (c *Client) Ping(ctx context.Context) error {
	_, err := grpc_health_v1.NewHealthClient(c.conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: healthService})
	return fromStatus(ctx, err)
}

// Check implements connectors.Source.
func (c *Client) Check(ctx context.Context, streams []connectors.Stream) (connectors.Report, error) {
	req := &pb.CheckRequest{}
	for _, s := range streams {
		b, err := encodeStream(s)
		if err != nil {
			return connectors.Report{}, err
		}
		req.Streams = append(req.Streams, b)
	}
	pieces, err := c.rpc.Check(ctx, req)
	if err != nil {
		return connectors.Report{}, fromStatus(ctx, err)
	}
	findings, err := collect[connectors.Finding](ctx, pieces)
	return connectors.Report{Findings: findings}, err
}

// Discover implements connectors.Source.
func (c *Client) Discover(ctx context.Context) ([]connectors.Draft, error) {
	pieces, err := c.rpc.Discover(ctx, &pb.DiscoverRequest{})
	if err != nil {
		return nil, fromStatus(ctx, err)
	}
	return collect[connectors.Draft](ctx, pieces)
}

// Read implements connectors.Source. The records of a batch share one buffer.
func (c *Client) Read(ctx context.Context, stream connectors.Stream, position datarun.Position, emit func(datarun.Batch) error) error {
	b, err := encodeStream(stream)
	if err != nil {
		return err
	}
	// Cancelling on return tells the connector that emit failed.
	call, cancel := context.WithCancel(ctx)
	defer cancel()
	batches, err := c.rpc.Read(call, &pb.ReadRequest{Stream: b, Position: position})
	for err == nil {
		var m *pb.Batch
		if m, err = batches.Recv(); err != nil {
			break
		}
		batch, bad := unpack(m)
		if bad != nil {
			return bad
		}
		if err := emit(batch); err != nil {
			return err
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return fromStatus(ctx, err)
}

// Ack implements connectors.Source.
func (c *Client) Ack(ctx context.Context, stream connectors.Stream, position datarun.Position) error {
	b, err := encodeStream(stream)
	if err != nil {
		return err
	}
	_, err = c.rpc.Ack(ctx, &pb.AckRequest{Stream: b, Position: position})
	return fromStatus(ctx, err)
}

// Close implements connectors.Source: what still runs inside the connector is cancelled first. It gives up after ten
// seconds, since a connector that hangs is ended by its process.
func (c *Client) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeWait+4*time.Second)
	defer cancel()
	_, err := c.rpc.Close(ctx, &pb.CloseRequest{})
	return fromStatus(ctx, err)
}

func encodeStream(s connectors.Stream) ([]byte, error) {
	b, err := json.Marshal(&s)
	if err != nil {
		return nil, datarun.Errorf(datarun.Invalid, "connector wire", "stream %s: %w", s.Name, err)
	}
	return b, nil
}

func collect[T any](ctx context.Context, pieces grpc.ServerStreamingClient[pb.Piece]) ([]T, error) {
	var all []T
	for {
		p, err := pieces.Recv()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fromStatus(ctx, err)
		}
		var v T
		if err := json.Unmarshal(p.GetJson(), &v); err != nil {
			return nil, datarun.Errorf(datarun.Corrupt, "connector wire", "a finding or draft is not readable: %w", err)
		}
		all = append(all, v)
	}
}
