package host

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"datarun"
	"datarun/connectors"
)

// Taker makes batches durable. An Invalid error stops the stream, any other makes it read again from the saved position.
type Taker interface {
	// Take returns nil when every record of the batch is durable: in the exchange, or in quarantine. It is called for one
	// batch of a stream at a time, in order; for different streams at the same time. The batch belongs to the taker until
	// it returns.
	Take(ctx context.Context, source string, stream connectors.Stream, batch datarun.Batch) error
}

// Positions keeps where each stream is to be read on from.
type Positions interface {
	// Load returns the last position saved, or an empty one when there is none.
	Load(ctx context.Context, source, stream string) (datarun.Position, error)
	// Save returns nil when the position is durable.
	Save(ctx context.Context, source, stream string, p datarun.Position) error
}

// The pace of a pump.
const (
	defaultPoll = time.Second
	saveEvery   = 200 * time.Millisecond // a save is a round trip to the log: not one per batch
	stopGrace   = 5 * time.Second        // for the batch that is being taken when the hub stops
)

// StreamPlan is one stream and how often it is asked for news.
type StreamPlan struct {
	connectors.Stream
	Poll time.Duration // between the end of a Read and the next; default 1 s
}

// Pump moves one stream of one source into the exchange, in the order that the guarantee rests on: taken, then saved,
// then acked. While one batch is being taken the next ones are read, up to 8 MiB.
type Pump struct {
	source    string
	from      connectors.Source
	stream    connectors.Stream
	poll      time.Duration
	taker     Taker
	positions Positions
	budget    *Budget
	log       *slog.Logger

	// Of Run's goroutine alone.
	loaded bool
	saved  datarun.Position // durable
	taken  datarun.Position // of the last batch taken; ahead of saved until the next save
	owed   bool             // saved has not been acked

	mu     sync.Mutex
	status Status
}

// NewPump makes the pump of one stream. source is the name under which its positions are kept; budget is the hub's, nil
// for one of its own.
func NewPump(source string, from connectors.Source, plan StreamPlan, taker Taker, positions Positions, budget *Budget, log *slog.Logger) *Pump {
	if plan.Poll <= 0 {
		plan.Poll = defaultPoll
	}
	if budget == nil {
		budget = NewBudget(DefaultBudget)
	}
	return &Pump{
		source: source, from: from, stream: plan.Stream, poll: plan.Poll, taker: taker, positions: positions, budget: budget,
		log:    log.With("source", source, "stream", plan.Name),
		status: Status{Source: source, Stream: plan.Name, Resource: plan.Resource, State: Starting, Since: time.Now()},
	}
}

// Run pumps until ctx ends, then returns nil. An Invalid error of source or taker stops it and is returned; any other is
// shown in the status and tried again with back-off.
func (p *Pump) Run(ctx context.Context) error {
	var wait backoff
	for {
		began := time.Now()
		err := p.once(ctx)
		if ctx.Err() != nil {
			p.enter(Ended)
			return nil //nolint:nilerr // whatever it was, it is over
		}
		pause := p.poll
		switch {
		case err == nil:
			wait.reset()
			p.healed()
		case datarun.KindOf(err) == datarun.Invalid:
			p.failed(Stopped, err)
			p.log.Error("stream stopped until its settings change", "err", err)
			return err
		default:
			pause = wait.next(time.Since(began))
			if news := p.failed(Retrying, err); news {
				p.log.Warn("stream failed", "kind", datarun.KindOf(err), "err", err, "again_in", pause.Round(time.Millisecond))
			}
		}
		if !sleep(ctx, pause) {
			p.enter(Ended)
			return nil
		}
	}
}

// once is one Read with what surrounds it.
func (p *Pump) once(ctx context.Context) error {
	p.enter(Running)
	if !p.loaded {
		position, err := p.positions.Load(ctx, p.source, p.stream.Name)
		if err != nil {
			return datarun.Wrap("load position", err)
		}
		p.loaded, p.saved, p.owed = true, position, len(position) > 0
	}
	p.ack(ctx) // also after a start: the hub may have ended between saving and acking
	return p.read(ctx)
}

// read runs one Read and takes what it emits beside it.
func (p *Pump) read(ctx context.Context) error {
	reading, cancel := context.WithCancel(ctx)
	defer cancel()
	q := newQueue(p.budget)
	ended := make(chan error, 1)
	p.taken = nil
	from := p.saved
	go func() {
		err := p.from.Read(reading, p.stream, from, func(b datarun.Batch) error { return q.put(reading, b) })
		q.end()
		ended <- err
	}()
	err := p.takeAll(ctx, q)
	if err != nil {
		q.fail(err)
		cancel()
	}
	readErr := <-ended
	if err != nil {
		return err
	}
	return readErr
}

// takeAll takes batches until the queue is over or ctx ends, and saves and acks on the way.
func (p *Pump) takeAll(ctx context.Context, q *queue) (err error) {
	// A batch that is being taken when the hub stops may still finish: it would only have to be read again.
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(stopGrace, cancel) })()

	due := time.NewTimer(saveEvery)
	defer due.Stop()
	defer func() {
		if serr := p.save(work); err == nil {
			err = serr
		}
	}()
	for lastSave := time.Now(); ctx.Err() == nil; {
		parcel, ok := q.pop()
		if !ok && q.over() {
			return nil
		}
		if ok {
			err := p.take(work, parcel.batch)
			q.settle(parcel)
			if err != nil {
				return err
			}
		} else if !p.idle(ctx, q, due, lastSave) {
			continue
		}
		if time.Since(lastSave) >= saveEvery {
			if err := p.save(work); err != nil {
				return err
			}
			lastSave = time.Now()
		}
	}
	return ctx.Err()
}

// idle waits for the next batch, or until the position is to be saved, which it reports.
func (p *Pump) idle(ctx context.Context, q *queue, due *time.Timer, lastSave time.Time) (save bool) {
	var tick <-chan time.Time
	if p.taken != nil || p.owed {
		due.Reset(saveEvery - time.Since(lastSave))
		tick = due.C
	}
	select {
	case <-q.ready:
	case <-tick:
		return true
	case <-ctx.Done():
	}
	return false
}

func (p *Pump) take(ctx context.Context, batch datarun.Batch) error {
	if len(batch.Records) > 0 {
		if err := p.taker.Take(ctx, p.source, p.stream, batch); err != nil {
			return datarun.Wrap("take", err)
		}
		p.count(batch)
	}
	if len(batch.Position) > 0 {
		p.taken = batch.Position
	}
	return nil
}

// save makes the position of the last batch taken durable, and then acks it.
func (p *Pump) save(ctx context.Context) error {
	if p.taken != nil {
		if err := p.positions.Save(ctx, p.source, p.stream.Name, p.taken); err != nil {
			return datarun.Wrap("save position", err)
		}
		p.saved, p.taken, p.owed = p.taken, nil, true
		p.note(func(s *Status) { s.SavedAt = time.Now() })
	}
	p.ack(ctx)
	return nil
}

// ack tells the source what is saved. An ack covers all before it, so one that fails is shown and made good by the next;
// it is no reason to stop reading.
func (p *Pump) ack(ctx context.Context) {
	if !p.owed {
		return
	}
	err := p.from.Ack(ctx, p.stream, p.saved)
	p.owed = err != nil
	if news := p.acked(err); news {
		p.log.Warn("ack failed", "kind", datarun.KindOf(err), "err", err)
	}
}
