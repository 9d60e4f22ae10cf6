package wire_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"datarun"
	"datarun/connectors"
	"datarun/connectors/wire"
)

// source is a connectors.Source of funcs.
type source struct {
	check    func(context.Context, []connectors.Stream) (connectors.Report, error)
	discover func(context.Context) ([]connectors.Draft, error)
	read     func(context.Context, connectors.Stream, datarun.Position, func(datarun.Batch) error) error
	ack      func(context.Context, connectors.Stream, datarun.Position) error
	close    func() error
}

func (s *source) Check(ctx context.Context, st []connectors.Stream) (connectors.Report, error) {
	return s.check(ctx, st)
}
func (s *source) Discover(ctx context.Context) ([]connectors.Draft, error) { return s.discover(ctx) }
func (s *source) Read(ctx context.Context, st connectors.Stream, p datarun.Position, emit func(datarun.Batch) error) error {
	return s.read(ctx, st, p, emit)
}
func (s *source) Ack(ctx context.Context, st connectors.Stream, p datarun.Position) error {
	return s.ack(ctx, st, p)
}
func (s *source) Close() error {
	if s.close == nil {
		return nil
	}
	return s.close()
}

// open puts a source behind the wire.
func open(t testing.TB, s *source) connectors.Source {
	t.Helper()
	c := wire.Loopback(connectors.Connector{Name: "test", New: func(json.RawMessage) (connectors.Source, error) { return s, nil }})
	remote, err := c.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = remote.Close() })
	return remote
}

func TestErrorKindsCross(t *testing.T) {
	for kind := datarun.Internal; kind <= datarun.Corrupt; kind++ {
		t.Run(kind.String(), func(t *testing.T) {
			fail := datarun.Errorf(kind, "test: table", "列 %q is gone", "age")
			remote := open(t, &source{
				check: func(context.Context, []connectors.Stream) (connectors.Report, error) {
					return connectors.Report{}, fail
				},
				discover: func(context.Context) ([]connectors.Draft, error) { return nil, fail },
				read: func(context.Context, connectors.Stream, datarun.Position, func(datarun.Batch) error) error {
					return fmt.Errorf("page 3: %w", fail)
				},
				ack:   func(context.Context, connectors.Stream, datarun.Position) error { return fail },
				close: func() error { return fail },
			})
			_, checked := remote.Check(t.Context(), nil)
			_, discovered := remote.Discover(t.Context())
			read := remote.Read(t.Context(), connectors.Stream{}, nil, nil)
			for what, err := range map[string]error{
				"check": checked, "discover": discovered, "read": read,
				"ack": remote.Ack(t.Context(), connectors.Stream{}, nil), "close": remote.Close(),
			} {
				want := fail.Error()
				if what == "read" {
					want = "page 3: " + want
				}
				if err == nil || datarun.KindOf(err) != kind || err.Error() != want {
					t.Errorf("%s: %v (%v), want %q (%v)", what, err, datarun.KindOf(err), want, kind)
				}
			}
		})
	}
}

func TestLongErrorText(t *testing.T) {
	remote := open(t, &source{ack: func(context.Context, connectors.Stream, datarun.Position) error {
		return datarun.Errorf(datarun.Invalid, "test", "\xb3\xc7%s", strings.Repeat("长", 1<<20))
	}})
	err := remote.Ack(t.Context(), connectors.Stream{}, nil)
	if datarun.KindOf(err) != datarun.Invalid || len(err.Error()) > 5<<10 {
		t.Errorf("kind %v, %d bytes", datarun.KindOf(err), len(err.Error()))
	}
}

func TestStructsCross(t *testing.T) {
	stream := connectors.Stream{Name: "p", Resource: "306001/000001", Object: "person", Options: json.RawMessage(`{"a":1}`),
		Items: []datarun.Item{{Name: "id", Type: datarun.Char, Length: 18, Personal: true}}, Key: []datarun.ItemName{"id"}}
	want := fmt.Sprint(stream)
	many := make([]connectors.Draft, 3000)
	for i := range many {
		many[i] = connectors.Draft{Object: fmt.Sprint("t", i), Items: make([]datarun.Item, 40)}
	}
	remote := open(t, &source{
		check: func(_ context.Context, s []connectors.Stream) (connectors.Report, error) {
			return connectors.Report{Findings: []connectors.Finding{{Level: connectors.Warn, What: "same", Detail: fmt.Sprint(len(s) == 2 && fmt.Sprint(s[1]) == want)}}}, nil
		},
		discover: func(context.Context) ([]connectors.Draft, error) { return many, nil },
		read: func(_ context.Context, s connectors.Stream, p datarun.Position, emit func(datarun.Batch) error) error {
			if fmt.Sprint(s) != want || string(p) != "from" {
				return errors.New("stream or position differ")
			}
			return nil
		},
		ack: func(_ context.Context, s connectors.Stream, p datarun.Position) error {
			if fmt.Sprint(s) != want || string(p) != "to" {
				return errors.New("stream or position differ")
			}
			return nil
		},
	})
	report, err := remote.Check(t.Context(), []connectors.Stream{{}, stream})
	if err != nil || len(report.Findings) != 1 || report.Findings[0].Detail != "true" || report.Findings[0].Level != connectors.Warn {
		t.Errorf("check: %v %+v", err, report)
	}
	if drafts, err := remote.Discover(t.Context()); err != nil || len(drafts) != len(many) || drafts[2999].Object != "t2999" || len(drafts[0].Items) != 40 {
		t.Errorf("discover: %v, %d drafts", err, len(drafts))
	}
	if err := remote.Read(t.Context(), stream, datarun.Position("from"), nil); err != nil {
		t.Error(err)
	}
	if err := remote.Ack(t.Context(), stream, datarun.Position("to")); err != nil {
		t.Error(err)
	}
}

func TestEmitErrorComesBackAsItIs(t *testing.T) {
	returned := make(chan error, 1)
	remote := open(t, &source{read: func(ctx context.Context, _ connectors.Stream, _ datarun.Position, emit func(datarun.Batch) error) error {
		err := error(nil)
		for err == nil {
			err = emit(datarun.Batch{Records: []datarun.Record{{Data: []byte("{}")}}})
		}
		returned <- err
		return err
	}})
	full := errors.New("the hub is full")
	if err := remote.Read(t.Context(), connectors.Stream{}, nil, func(datarun.Batch) error { return full }); err != full {
		t.Errorf("got %v", err)
	}
	if err := <-returned; !errors.Is(err, context.Canceled) {
		t.Errorf("the connector saw %v", err)
	}
}

func TestCancelEndsRead(t *testing.T) {
	for name, stay := range map[string]bool{"while waiting": true, "while emitting": false} {
		t.Run(name, func(t *testing.T) {
			ended := make(chan struct{})
			remote := open(t, &source{read: func(ctx context.Context, _ connectors.Stream, _ datarun.Position, emit func(datarun.Batch) error) error {
				defer close(ended)
				for {
					if err := emit(datarun.Batch{Position: datarun.Position("p")}); err != nil {
						return err
					}
					if stay {
						<-ctx.Done()
						return ctx.Err()
					}
				}
			}})
			ctx, cancel := context.WithCancel(t.Context())
			err := remote.Read(ctx, connectors.Stream{}, nil, func(datarun.Batch) error { cancel(); return nil })
			if err != context.Canceled {
				t.Errorf("got %v", err)
			}
			<-ended
		})
	}
}

// A hub that cancels and reads again at once must not make two Reads of a stream run together.
func TestReadsOfAStreamDoNotOverlap(t *testing.T) {
	var running, overlaps atomic.Int32
	remote := open(t, &source{read: func(ctx context.Context, _ connectors.Stream, _ datarun.Position, emit func(datarun.Batch) error) error {
		if running.Add(1) > 1 {
			overlaps.Add(1)
		}
		defer running.Add(-1)
		_ = emit(datarun.Batch{Position: datarun.Position("p")})
		<-ctx.Done()
		for range 1000 { // winding down takes a while
			_ = emit(datarun.Batch{Position: datarun.Position("late")})
		}
		return ctx.Err()
	}})
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		_ = remote.Read(ctx, connectors.Stream{Name: "a"}, nil, func(datarun.Batch) error { cancel(); return nil })
	}
	if n := overlaps.Load(); n > 0 {
		t.Errorf("%d reads overlapped", n)
	}
}

// While the hub does not take, the connector must stop reading its source: what is between them is bounded.
func TestBackPressure(t *testing.T) {
	const bound = 8 << 20
	var emitted atomic.Int64
	blocked := make(chan struct{})
	remote := open(t, &source{read: func(ctx context.Context, _ connectors.Stream, _ datarun.Position, emit func(datarun.Batch) error) error {
		for {
			batch := datarun.Batch{Records: []datarun.Record{{Data: make([]byte, 256<<10)}}}
			sent := make(chan error, 1)
			go func() { sent <- emit(batch) }()
			select {
			case err := <-sent:
				if err != nil {
					return err
				}
			case <-ctx.Done():
				<-sent
				return ctx.Err()
			}
			if emitted.Add(256<<10) > bound {
				close(blocked)
				return errors.New("never blocked")
			}
		}
	}})
	ctx, cancel := context.WithCancel(t.Context())
	got := 0
	err := remote.Read(ctx, connectors.Stream{}, nil, func(datarun.Batch) error {
		if got++; got == 1 {
			// Wait until the connector stands still: two looks that see the same.
			for last := int64(-1); last != emitted.Load(); {
				last = emitted.Load()
				select {
				case <-blocked:
				case <-t.Context().Done():
				case <-tick():
				}
			}
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("read: %v", err)
	}
	if n := emitted.Load(); n > bound {
		t.Errorf("%d bytes were emitted to a hub that takes nothing", n)
	}
}

func TestCloseCancelsWhatRunsFirst(t *testing.T) {
	var ended atomic.Bool
	closedAfter := make(chan bool, 1)
	started := make(chan struct{})
	remote := open(t, &source{
		read: func(ctx context.Context, _ connectors.Stream, _ datarun.Position, emit func(datarun.Batch) error) error {
			close(started)
			<-ctx.Done()
			ended.Store(true)
			return ctx.Err()
		},
		close: func() error { closedAfter <- ended.Load(); return nil },
	})
	read := make(chan error, 1)
	go func() { read <- remote.Read(t.Context(), connectors.Stream{}, nil, nil) }()
	<-started
	if err := remote.Close(); err != nil {
		t.Error(err)
	}
	if !<-closedAfter {
		t.Error("closed while a Read ran")
	}
	if err := <-read; datarun.KindOf(err) != datarun.Unavailable {
		t.Errorf("the cut Read returned %v (%v), want an Unavailable error", err, datarun.KindOf(err))
	}
	if err := remote.Ack(t.Context(), connectors.Stream{}, nil); datarun.KindOf(err) != datarun.Unavailable {
		t.Errorf("after Close: %v", err)
	}
}

func TestConfigureError(t *testing.T) {
	c := wire.Loopback(connectors.Connector{Name: "test", New: func(s json.RawMessage) (connectors.Source, error) {
		return nil, datarun.Errorf(datarun.Invalid, "test settings", "unknown key %s", s)
	}})
	_, err := c.New(json.RawMessage(`"hsot"`))
	if datarun.KindOf(err) != datarun.Invalid || err.Error() != `test settings: unknown key "hsot"` {
		t.Errorf("got %v", err)
	}
}
