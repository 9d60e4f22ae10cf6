package host_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"datarun"
	"datarun/connectors"
	"datarun/connectors/conntest"
	"datarun/connectors/host"
)

var quiet = slog.New(slog.DiscardHandler)

// hub is a Taker and Positions in memory that notes the order of what happens.
type hub struct {
	mu      sync.Mutex
	events  []string // "take 3", "save {…}", "ack {…}"
	records []datarun.Record
	saved   datarun.Position
	onTake  func(ctx context.Context, n int) error
	onSave  func() error
}

func (h *hub) note(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, fmt.Sprintf(format, args...))
}

func (h *hub) Take(ctx context.Context, _ string, _ connectors.Stream, b datarun.Batch) error {
	if h.onTake != nil {
		if err := h.onTake(ctx, len(b.Records)); err != nil {
			return err
		}
	}
	h.note("take %d", len(b.Records))
	h.mu.Lock()
	defer h.mu.Unlock()
	h.records = append(h.records, b.Records...)
	return nil
}

func (h *hub) Load(context.Context, string, string) (datarun.Position, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.saved, nil
}

func (h *hub) Save(_ context.Context, _, _ string, p datarun.Position) error {
	if h.onSave != nil {
		if err := h.onSave(); err != nil {
			return err
		}
	}
	h.note("save %s", p)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.saved = p
	return nil
}

func (h *hub) count(prefix string) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.events {
		if strings.HasPrefix(e, prefix) {
			n++
		}
	}
	return n
}

// witness is a source that notes its acks in the hub's events, and whose Read may be replaced.
type witness struct {
	connectors.Source
	hub  *hub
	read func(ctx context.Context, from datarun.Position, emit func(datarun.Batch) error) error
	ack  func() error
}

func (w *witness) Read(ctx context.Context, s connectors.Stream, from datarun.Position, emit func(datarun.Batch) error) error {
	if w.read == nil {
		return w.Source.Read(ctx, s, from, emit)
	}
	return w.read(ctx, from, emit)
}

func (w *witness) Ack(ctx context.Context, s connectors.Stream, p datarun.Position) error {
	if w.ack != nil {
		if err := w.ack(); err != nil {
			return err
		}
	}
	w.hub.note("ack %s", p)
	if w.Source == nil {
		return nil
	}
	return w.Source.Ack(ctx, s, p)
}

func newPump(h *hub, from connectors.Source, poll time.Duration) *host.Pump {
	return host.NewPump("s", from, host.StreamPlan{Stream: conntest.MemoryStream, Poll: poll}, h, h, nil, quiet)
}

// run starts a pump inside a synctest bubble and returns how to end it.
func run(t *testing.T, p *host.Pump) (end func() error) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	return func() error { cancel(); return <-ended }
}

func ids(n int) (rows []string) {
	for i := range n {
		rows = append(rows, fmt.Sprintf(`{"id":%d}`, i))
	}
	return rows
}

func TestPumpOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := conntest.NewMemory(ids(7)...)
		h := &hub{}
		p := newPump(h, &witness{Source: m.Source(), hub: h}, time.Second)
		end := run(t, p)
		synctest.Wait()
		h.onTake = nil
		if got, want := h.events[len(h.events)-2:], []string{`save {"next":7}`, `ack {"next":7}`}; !slices.Equal(got, want) {
			t.Errorf("%q", h.events)
		}
		if s := p.Status(); s.State != host.Waiting || s.Records != 7 || s.Reads != 1 || s.SavedAt.IsZero() || !s.Healthy() {
			t.Errorf("%+v", s)
		}
		m.Upsert(`{"id":8}`)
		settle(1500 * time.Millisecond)
		if len(h.records) != 8 || m.Acked() != 8 {
			t.Errorf("%d taken, %d acked", len(h.records), m.Acked())
		}
		if err := end(); err != nil || p.Status().State != host.Ended {
			t.Error(err, p.Status())
		}
	})
}

// Whatever fails and whenever the hub ends: what was saved was taken, what was acked was saved, nothing is missing in
// the end. The source forgets what was acked, so an ack that is too early cannot be recovered from.
func TestPumpNeverSkips(t *testing.T) {
	for seed := range uint64(100) {
		synctest.Test(t, func(t *testing.T) { neverSkips(t, seed) })
	}
}

func neverSkips(t *testing.T, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 1))
	var mu sync.Mutex
	draw := func(n int) int { mu.Lock(); defer mu.Unlock(); return rnd.IntN(n) }
	chance := func(of int) bool { return draw(of) == 0 }
	nap := func() { time.Sleep(time.Duration(draw(300)) * time.Millisecond) }
	away := datarun.Errorf(datarun.Unavailable, "test", "away")
	m := conntest.NewMemory(ids(30)...)
	m.Prune = true
	m.OnBatch = func(int) error {
		if chance(8) {
			return away
		}
		if chance(3) {
			nap()
		}
		return nil
	}
	h := &hub{}
	h.onTake = func(ctx context.Context, _ int) error {
		if chance(3) {
			nap()
		}
		if chance(8) || ctx.Err() != nil {
			return away
		}
		return nil
	}
	h.onSave = func() error {
		if chance(8) {
			return away
		}
		return nil
	}
	fail := func() error {
		if chance(5) {
			return away
		}
		return nil
	}
	for life := range 6 {
		p := newPump(h, &witness{Source: m.Source(), hub: h, ack: fail}, 500*time.Millisecond)
		end := run(t, p)
		for range 5 {
			nap()
			m.Upsert(fmt.Sprintf(`{"id":%d,"life":%d}`, draw(40), life))
		}
		if life == 5 {
			time.Sleep(3 * time.Minute) // until it is through
		}
		if err := end(); err != nil {
			t.Fatalf("seed %d: %v %q", seed, err, h.events)
		}
	}
	check(t, seed, h, m)
}

func check(t *testing.T, seed uint64, h *hub, m *conntest.Memory) {
	t.Helper()
	saved := ""
	for _, e := range h.events {
		verb, p, _ := strings.Cut(e, " ")
		if verb == "save" {
			saved = p
		}
		if verb == "ack" && p != saved {
			t.Fatalf("seed %d: acked %s when %q was saved", seed, p, saved)
		}
	}
	taken := conntest.NewMemory()
	for _, r := range h.records {
		taken.Upsert(string(r.Data))
	}
	got, want := taken.Rows(), m.Rows()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("seed %d: %d rows arrived of %d", seed, len(got), len(want))
	}
}

func TestPumpSavesSeldomAndSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hub{onTake: func(context.Context, int) error { time.Sleep(time.Millisecond); return nil }}
		stay := make(chan struct{})
		p := newPump(h, &witness{hub: h, read: func(ctx context.Context, _ datarun.Position, emit func(datarun.Batch) error) error {
			for range 1000 {
				time.Sleep(2 * time.Millisecond)
				if err := emit(rows(1)); err != nil {
					return err
				}
			}
			close(stay)
			<-ctx.Done() // waits for news
			return ctx.Err()
		}}, time.Second)
		end := run(t, p)
		<-stay
		if n := h.count("save"); n < 5 || n > 11 {
			t.Errorf("%d saves in 2 s", n)
		}
		before := h.count("save")
		settle(250 * time.Millisecond)
		after := h.count("save")
		if after == before || after > before+2 {
			t.Errorf("the last position was not saved: %d saves, then %d", before, after)
		}
		if err := end(); err != nil {
			t.Error(err)
		}
	})
}

// settle lets the bubble's time pass and what is due happen.
func settle(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestPumpMergesWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hub{onTake: func(context.Context, int) error { time.Sleep(time.Second); return nil }}
		p := newPump(h, conntest.NewMemory(ids(300)...).Source(), time.Minute)
		end := run(t, p)
		settle(10 * time.Second)
		if n := h.count("take"); n > 3 || len(h.records) != 300 {
			t.Errorf("%d takes of %d records", n, len(h.records))
		}
		_ = end()
	})
}

func TestPumpIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := make(chan struct{})
		h := &hub{onTake: func(context.Context, int) error { <-open; return nil }}
		emitted := 0
		p := newPump(h, &witness{hub: h, read: func(ctx context.Context, _ datarun.Position, emit func(datarun.Batch) error) error {
			for emitted < 64<<20 {
				if err := emit(datarun.Batch{Records: []datarun.Record{{Data: make([]byte, 1<<20)}}}); err != nil {
					return err
				}
				emitted += 1 << 20
			}
			return nil
		}}, time.Minute)
		end := run(t, p)
		synctest.Wait()
		if emitted > 8<<20 || emitted < 4<<20 {
			t.Errorf("%d bytes were accepted while nothing is taken", emitted)
		}
		close(open)
		synctest.Wait()
		if emitted != 64<<20 || p.Status().State != host.Waiting {
			t.Errorf("%d bytes, %+v", emitted, p.Status())
		}
		_ = end()
	})
}

func TestBudgetIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := make(chan struct{})
		h := &hub{onTake: func(context.Context, int) error { <-open; return nil }}
		budget := host.NewBudget(4 << 20)
		var mu sync.Mutex
		emitted := 0
		var ends []func() error
		for range 5 {
			p := host.NewPump("s", &witness{hub: h, read: func(ctx context.Context, _ datarun.Position, emit func(datarun.Batch) error) error {
				for range 8 {
					if err := emit(datarun.Batch{Records: []datarun.Record{{Data: make([]byte, 1<<20)}}}); err != nil {
						return err
					}
					mu.Lock()
					emitted += 1 << 20
					mu.Unlock()
				}
				return nil
			}}, host.StreamPlan{Poll: time.Hour}, h, h, budget, quiet)
			ends = append(ends, run(t, p))
		}
		synctest.Wait()
		if emitted > 4<<20 {
			t.Errorf("%d bytes were accepted with a budget of 4 MiB", emitted)
		}
		close(open)
		synctest.Wait()
		if emitted != 40<<20 {
			t.Errorf("%d bytes arrived", emitted)
		}
		for _, end := range ends {
			_ = end()
		}
	})
}

func TestPumpStopsOnInvalid(t *testing.T) {
	for name, h := range map[string]*hub{
		"source": {},
		"taker":  {onTake: func(context.Context, int) error { return datarun.Errorf(datarun.Invalid, "test", "wrong") }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := conntest.NewMemory(ids(3)...)
				if name == "source" {
					m.OnBatch = func(int) error { return datarun.Errorf(datarun.Invalid, "test", "wrong") }
				}
				p := newPump(h, m.Source(), time.Second)
				if err := p.Run(t.Context()); datarun.KindOf(err) != datarun.Invalid {
					t.Errorf("got %v", err)
				}
				if s := p.Status(); s.State != host.Stopped || s.Kind != datarun.Invalid || s.Healthy() || h.saved != nil {
					t.Errorf("%+v, saved %s", s, h.saved)
				}
			})
		})
	}
}

func TestPumpRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		broken.Store(true)
		m := conntest.NewMemory(ids(3)...)
		m.OnBatch = func(int) error {
			if broken.Load() {
				return errors.New("nobody foresaw this")
			}
			return nil
		}
		h := &hub{}
		p := newPump(h, m.Source(), time.Second)
		end := run(t, p)
		settle(10 * time.Minute)
		if s := p.Status(); s.State != host.Retrying || s.Failures < 20 || s.Failures > 60 || s.Error == "" || s.Healthy() {
			t.Errorf("%+v", s)
		}
		broken.Store(false)
		settle(31 * time.Second)
		if s := p.Status(); s.State != host.Waiting || s.Failures != 0 || s.Records != 3 || !s.Healthy() {
			t.Errorf("%+v", s)
		}
		_ = end()
	})
}

// A source that cannot be told keeps what it has; that is no reason to stop reading.
func TestPumpGoesOnWithoutAck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := conntest.NewMemory(ids(3)...)
		h := &hub{}
		var broken atomic.Bool
		broken.Store(true)
		p := newPump(h, &witness{Source: m.Source(), hub: h, ack: func() error {
			if broken.Load() {
				return datarun.Errorf(datarun.Invalid, "test", "the folder is read-only")
			}
			return nil
		}}, time.Second)
		end := run(t, p)
		settle(time.Minute)
		m.Upsert(`{"id":9}`)
		settle(time.Minute)
		if s := p.Status(); s.Records != 4 || s.State != host.Waiting || s.AckError == "" || s.Healthy() || m.Acked() != 0 {
			t.Errorf("%+v", s)
		}
		broken.Store(false)
		settle(time.Minute)
		if s := p.Status(); !s.Healthy() || m.Acked() != 4 {
			t.Errorf("%+v, %d acked", s, m.Acked())
		}
		_ = end()
	})
}

func TestPumpAcksAgainWhenItStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hub{saved: datarun.Position(`{"next":2}`)}
		m := conntest.NewMemory(ids(2)...)
		end := run(t, newPump(h, m.Source(), time.Hour))
		synctest.Wait()
		if m.Acked() != 2 || len(h.records) != 0 {
			t.Errorf("%d acked, %d records", m.Acked(), len(h.records))
		}
		_ = end()
	})
}

// When the hub stops, the batch that is being taken may finish and counts.
func TestPumpStopsGently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := conntest.NewMemory(ids(3)...)
		h := &hub{onTake: func(ctx context.Context, _ int) error {
			select {
			case <-time.After(2 * time.Second):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}}
		end := run(t, newPump(h, m.Source(), time.Hour))
		settle(time.Second)
		if err := end(); err != nil || string(h.saved) != `{"next":3}` || m.Acked() != 3 {
			t.Errorf("%v, saved %q, acked %d", err, h.saved, m.Acked())
		}
	})
}

func TestPumpStopsATakerThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hub{onTake: func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() }}
		end := run(t, newPump(h, conntest.NewMemory(ids(3)...).Source(), time.Hour))
		time.Sleep(time.Second)
		began := time.Now()
		if err := end(); err != nil || time.Since(began) != 5*time.Second || h.saved != nil {
			t.Errorf("%v after %s, saved %q", err, time.Since(began), h.saved)
		}
	})
}

// The pieces of a split batch carry no position: until the last one is taken, nothing is saved.
func TestPumpKeepsPositionOfPieces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hub{}
		piece := rows(2)
		piece.Position = nil
		p := newPump(h, &witness{hub: h, read: func(ctx context.Context, _ datarun.Position, emit func(datarun.Batch) error) error {
			for range 3 {
				if err := emit(piece); err != nil {
					return err
				}
				time.Sleep(time.Second)
			}
			if h.count("save") != 0 {
				t.Error("a piece moved the position")
			}
			return emit(rows(1))
		}}, time.Hour)
		end := run(t, p)
		settle(time.Minute)
		if string(h.saved) != "1" || len(h.records) != 7 {
			t.Errorf("saved %q, %d records", h.saved, len(h.records))
		}
		_ = end()
	})
}
