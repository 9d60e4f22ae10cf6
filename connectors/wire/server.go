package wire

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"google.golang.org/grpc"

	"datarun"
	"datarun/connectors"
	pb "datarun/connectors/wire/proto"
)

// closeWait is how long Close waits for running calls; the contract gives Read 5 s after a cancel.
const closeWait = 6 * time.Second

// server is the connector's half: it calls the Source as the contract of package connectors says.
type server struct {
	pb.UnimplementedSourceServer
	connector connectors.Connector

	mu      sync.Mutex
	source  connectors.Source
	closed  bool
	running sync.WaitGroup
	stop    chan struct{}            // closed by Close: ends every running call
	reading map[string]chan struct{} // by stream name: held while its Read runs
}

func newServer(c connectors.Connector) *server {
	return &server{connector: c, stop: make(chan struct{}), reading: map[string]chan struct{}{}}
}

func (s *server) Describe(context.Context, *pb.DescribeRequest) (*pb.Description, error) {
	c := &s.connector
	return &pb.Description{Name: c.Name, Summary: c.Summary, Title: c.Title, Help: c.Help}, nil
}

func (s *server) Configure(ctx context.Context, req *pb.Settings) (*pb.Configured, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.source != nil || s.closed {
		return nil, toStatus(ctx, datarun.Errorf(datarun.Conflict, "connector "+s.connector.Name, "it is configured already"))
	}
	source, err := s.connector.New(json.RawMessage(req.GetJson()))
	if err != nil {
		return nil, toStatus(ctx, err)
	}
	s.source = source
	return &pb.Configured{}, nil
}

func (s *server) Check(req *pb.CheckRequest, out grpc.ServerStreamingServer[pb.Piece]) error {
	return s.call(out.Context(), func(ctx context.Context, source connectors.Source) error {
		streams := make([]connectors.Stream, len(req.GetStreams()))
		for i, b := range req.GetStreams() {
			if err := decode(b, &streams[i]); err != nil {
				return err
			}
		}
		report, err := source.Check(ctx, streams)
		if err != nil {
			return err
		}
		return sendPieces(out, report.Findings)
	})
}

func (s *server) Discover(_ *pb.DiscoverRequest, out grpc.ServerStreamingServer[pb.Piece]) error {
	return s.call(out.Context(), func(ctx context.Context, source connectors.Source) error {
		drafts, err := source.Discover(ctx)
		if err != nil {
			return err
		}
		return sendPieces(out, drafts)
	})
}

func (s *server) Read(req *pb.ReadRequest, out grpc.ServerStreamingServer[pb.Batch]) error {
	return s.call(out.Context(), func(ctx context.Context, source connectors.Source) error {
		var stream connectors.Stream
		if err := decode(req.GetStream(), &stream); err != nil {
			return err
		}
		release, err := s.hold(ctx, stream.Name)
		if err != nil {
			return err
		}
		defer release()
		p := &packer{send: out.Send}
		return source.Read(ctx, stream, req.GetPosition(), func(batch datarun.Batch) error {
			if err := p.emit(batch); err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				return err
			}
			return ctx.Err()
		})
	})
}

func (s *server) Ack(ctx context.Context, req *pb.AckRequest) (*pb.Acked, error) {
	err := s.call(ctx, func(ctx context.Context, source connectors.Source) error {
		var stream connectors.Stream
		if err := decode(req.GetStream(), &stream); err != nil {
			return err
		}
		return source.Ack(ctx, stream, req.GetPosition())
	})
	return &pb.Acked{}, err
}

// Close ends what runs and then the source. A call that does not end in time keeps the source open: nothing may be
// called beside Close, and the process is about to end anyway.
func (s *server) Close(ctx context.Context, _ *pb.CloseRequest) (*pb.Closed, error) {
	s.mu.Lock()
	first := !s.closed
	if first {
		s.closed = true
		close(s.stop)
	}
	source := s.source
	s.mu.Unlock()
	if !first || source == nil {
		return &pb.Closed{}, nil
	}
	ended := make(chan struct{})
	go func() { s.running.Wait(); close(ended) }()
	select {
	case <-ended:
		return &pb.Closed{}, toStatus(ctx, source.Close())
	case <-time.After(closeWait):
		return nil, toStatus(ctx, datarun.Errorf(datarun.Internal, "connector "+s.connector.Name, "a call did not end within %s of its cancel", closeWait))
	}
}

// call runs fn on the source with a context that also ends on Close, and turns its error into a status.
func (s *server) call(ctx context.Context, fn func(context.Context, connectors.Source) error) error {
	s.mu.Lock()
	source := s.source
	if source == nil || s.closed {
		s.mu.Unlock()
		return toStatus(ctx, datarun.Errorf(datarun.Unavailable, "connector "+s.connector.Name, "it is not configured, or closed"))
	}
	s.running.Add(1)
	s.mu.Unlock()
	defer s.running.Done()

	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-s.stop:
			cancel()
		case <-done:
		}
	}()
	err := fn(inner, source)
	if err != nil && isContext(err) && inner.Err() != nil && ctx.Err() == nil {
		err = datarun.Errorf(datarun.Unavailable, "connector "+s.connector.Name, "it is closing")
	}
	return toStatus(ctx, err)
}

// hold waits until no other Read of the stream runs. A hub that cancels a Read and starts the next one cannot see when
// the first has returned on this side.
func (s *server) hold(ctx context.Context, name string) (release func(), err error) {
	s.mu.Lock()
	slot, ok := s.reading[name]
	if !ok {
		slot = make(chan struct{}, 1)
		s.reading[name] = slot
	}
	s.mu.Unlock()
	select {
	case slot <- struct{}{}:
		return func() { <-slot }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func decode(b []byte, into any) error {
	if err := json.Unmarshal(b, into); err != nil {
		return datarun.Errorf(datarun.Invalid, "connector wire", "a stream is not readable: %w", err)
	}
	return nil
}

func sendPieces[T any](out grpc.ServerStreamingServer[pb.Piece], parts []T) error {
	for i := range parts {
		b, err := json.Marshal(&parts[i])
		if err != nil {
			return datarun.Errorf(datarun.Internal, "connector wire", "encode a finding or draft: %w", err)
		}
		if err := out.Send(&pb.Piece{Json: b}); err != nil {
			return err
		}
	}
	return nil
}
