package host

import (
	"context"
	"sync"

	"datarun"
)

const (
	inFlight     = 8 << 20 // bytes of one stream between connector and exchange
	recordWeight = 64      // bytes that a record weighs beside its data
	mergeBytes   = 2 << 20 // small batches that wait together are taken as one, up to here
	mergeRecords = 16 << 10
)

// queue lies between one Read and the taker: bounded by weight, one goroutine at each end. What waits is merged, so the
// slower the exchange answers, the larger the batches it gets.
type queue struct {
	budget *Budget

	mu      sync.Mutex
	batches []parcel
	held    int64 // weight of batches and of what was popped and not yet settled
	ended   bool
	err     error // what put returns from now on

	ready chan struct{} // something to pop, or the end; capacity 1
	space chan struct{} // room for put, or a failure; capacity 1
}

type parcel struct {
	batch   datarun.Batch
	bytes   int
	weights []int64 // as taken from the budget, one per merged batch
}

func newQueue(b *Budget) *queue {
	return &queue{budget: b, ready: make(chan struct{}, 1), space: make(chan struct{}, 1)}
}

// put blocks while the stream or the hub holds too much. It returns the error of fail, or ctx's.
func (q *queue) put(ctx context.Context, batch datarun.Batch) error {
	p := parcel{batch: batch, bytes: batch.Bytes()}
	weight := int64(p.bytes + len(batch.Position) + recordWeight*len(batch.Records))
	if err := q.room(ctx, weight); err != nil {
		return err
	}
	if err := q.budget.take(ctx, weight); err != nil {
		return err
	}
	p.weights = []int64{weight}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err != nil {
		q.budget.give(weight)
		return q.err
	}
	q.held += weight
	q.batches = append(q.batches, p)
	signal(q.ready)
	return nil
}

func (q *queue) room(ctx context.Context, weight int64) error {
	for {
		q.mu.Lock()
		free, err := q.held == 0 || q.held+weight <= inFlight, q.err
		q.mu.Unlock()
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if free {
			return nil
		}
		select {
		case <-q.space:
		case <-ctx.Done():
		}
	}
}

// pop returns what waits, merged up to a limit, and whether there was something. The caller settles it.
func (q *queue) pop() (p parcel, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.batches) == 0 {
		return parcel{}, false
	}
	p = q.batches[0]
	n := 1
	for ; n < len(q.batches); n++ {
		next := &q.batches[n]
		if p.bytes+next.bytes > mergeBytes || len(p.batch.Records)+len(next.batch.Records) > mergeRecords {
			break
		}
		p.batch.Records = append(p.batch.Records, next.batch.Records...)
		p.bytes += next.bytes
		p.weights = append(p.weights, next.weights...)
		if len(next.batch.Position) > 0 {
			p.batch.Position = next.batch.Position
		}
	}
	rest := copy(q.batches, q.batches[n:])
	clear(q.batches[rest:])
	q.batches = q.batches[:rest]
	return p, true
}

// settle gives back what a popped parcel held.
func (q *queue) settle(p parcel) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, w := range p.weights {
		q.held -= w
		q.budget.give(w)
	}
	signal(q.space)
}

// end says that nothing more comes.
func (q *queue) end() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = true
	signal(q.ready)
}

// fail makes put return err from now on, and drops what waits.
func (q *queue) fail(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.err = err
	for _, p := range q.batches {
		for _, w := range p.weights {
			q.held -= w
			q.budget.give(w)
		}
	}
	q.batches = nil
	signal(q.space)
}

// over reports whether the end has come and nothing waits.
func (q *queue) over() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.ended && len(q.batches) == 0
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
