package exchange

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"

	"datarun"
)

// sink is the way into one partition. Jobs are written in the order they came in, gathered into batches as large as the
// limit allows; one batch is on its way at a time, so that a retry can never overtake. While a batch is on its way
// the next jobs gather, so many small writers cost one request, and a lone one goes out at once.
type sink struct {
	lane      *lane
	topic     string
	partition int

	mu      sync.Mutex
	queue   []*job
	running bool // drain is

	// Owned by drain.
	id    producer
	known bool // id is usable
	limit int  // bytes of a batch before compression; comes down when the topic takes less
}

// lane is what the sinks of one publisher or log have in common.
type lane struct {
	c     *Cluster
	codec Compression
	limit int           // bytes of a batch before compression
	slots chan struct{} // one per batch being built or on its way: this bounds memory
	bufs  sync.Pool     // *produceRequest

	mu sync.Mutex
	id int64 // producer id; -1: none yet
}

func newLane(c *Cluster, codec Compression, limit, slots int) *lane {
	if codec == "" {
		codec = DefaultCompression
	}
	return &lane{
		c: c, codec: codec, limit: limit, slots: make(chan struct{}, slots), id: -1,
		bufs: sync.Pool{New: func() any { return new(produceRequest) }},
	}
}

func (l *lane) sink(topic string, partition int) *sink {
	return &sink{lane: l, topic: topic, partition: partition, limit: l.limit, id: producer{id: -1}}
}

// job is a run of records of one caller for one partition.
type job struct {
	n     int
	add   func(b *batch, i int) // appends record i
	whole bool                  // all records in one batch

	// Guarded by the sink's mutex.
	next    int  // first record not yet in a batch
	dropped bool // the caller is gone; its memory must not be touched

	acked  int
	offset int64 // of the first record
	err    error
	done   chan struct{} // closed when acked == n or err is set
}

// span is the part of a job that is in a batch.
type span struct {
	job      *job
	from, to int
}

// put queues a job and waits until it is done or ctx ends. After ctx ended some of its records may still be written.
func (s *sink) put(ctx context.Context, j *job) error {
	j.done = make(chan struct{})
	s.mu.Lock()
	s.queue = append(s.queue, j)
	if !s.running {
		s.running = true
		go s.drain()
	}
	s.mu.Unlock()
	select {
	case <-j.done:
		return j.err
	case <-ctx.Done():
		s.mu.Lock() // waits until the job is not being read from
		j.dropped = true
		s.mu.Unlock()
		return kindOf(ctx.Err())
	}
}

// drain writes batches until the queue is empty.
func (s *sink) drain() {
	for {
		s.lane.slots <- struct{}{}
		q := s.lane.bufs.Get().(*produceRequest)
		more := s.write(q)
		s.lane.bufs.Put(q)
		<-s.lane.slots
		if !more {
			return
		}
	}
}

// write sends one batch of what is queued and reports false when there was nothing.
func (s *sink) write(q *produceRequest) bool {
	for {
		spans, more := s.gather(&q.batch, s.limit)
		if !more {
			return false
		}
		if len(spans) == 0 {
			return true // dropped ones only
		}
		base, err := s.send(q, spans)
		if codeOf(err) == kafka.MessageSizeTooLarge && q.batch.count > 1 && s.split(spans) {
			s.limit = max(1, len(q.batch.buf)/2)
			continue
		}
		s.settle(spans, base, err)
		return true
	}
}

// gather fills b with queued records up to limit bytes, at least one job or record. It reports false, and marks the sink
// as not running, when the queue is empty.
func (s *sink) gather(b *batch, limit int) (spans []span, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		s.running, s.queue = false, nil
		return nil, false
	}
	b.reset(time.Now().UnixMilli())
	for len(s.queue) > 0 {
		j := s.queue[0]
		if !j.dropped {
			sp := j.fill(b, limit)
			if sp.to > sp.from {
				spans = append(spans, sp)
			}
			if j.next < j.n {
				break
			}
		}
		s.queue[0] = nil
		s.queue = s.queue[1:]
	}
	return spans, true
}

// fill appends the job's next records to b while they fit.
func (j *job) fill(b *batch, limit int) span {
	sp := span{job: j, from: j.next}
	atStart, countAtStart := len(b.buf), b.count
	for j.next < j.n {
		before := len(b.buf)
		j.add(b, j.next)
		if len(b.buf) > limit && b.count > 1 && !(j.whole && countAtStart == 0) {
			b.buf, b.count = b.buf[:before], b.count-1
			if j.whole {
				b.buf, b.count, j.next = b.buf[:atStart], countAtStart, sp.from
			}
			break
		}
		j.next++
	}
	sp.to = j.next
	return sp
}

// split puts the records of a batch that was too large back, to be tried in smaller ones. It reports false when a job
// that must stay whole is what is too large.
func (s *sink) split(spans []span) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(spans) == 1 && spans[0].job.whole {
		return false
	}
	var back []*job
	for _, sp := range spans {
		sp.job.next = sp.from
		back = append(back, sp.job)
	}
	if len(s.queue) > 0 && s.queue[0] == back[len(back)-1] {
		back = back[:len(back)-1]
	}
	s.queue = append(back, s.queue...)
	return true
}

// settle tells the jobs of a batch how it went. A job that failed gets no further batch.
func (s *sink) settle(spans []span, base int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sp := range spans {
		j := sp.job
		if err != nil {
			j.err = s.place(err, sp)
			if len(s.queue) > 0 && s.queue[0] == j {
				s.queue = s.queue[1:]
			}
			close(j.done)
			continue
		}
		if sp.from == 0 {
			j.offset = base
		}
		base += int64(sp.to - sp.from)
		if j.acked += sp.to - sp.from; j.acked == j.n {
			close(j.done)
		}
	}
}

// place says which record a broker would not take.
func (s *sink) place(err error, sp span) error {
	if codeOf(err) == kafka.MessageSizeTooLarge {
		if sp.job.whole && sp.job.n > 1 {
			return datarun.Errorf(datarun.Invalid, "topic "+s.topic, "%d records together are larger than the topic takes: %w", sp.job.n, err)
		}
		return &tooLarge{topic: s.topic, index: sp.from, err: err}
	}
	return datarun.Wrap("topic "+s.topic, err)
}

// tooLarge carries the index of a record within its job up to Publish, which knows the index in its call.
type tooLarge struct {
	topic string
	index int
	err   error
}

// Error implements error.
func (t *tooLarge) Error() string { return "topic " + t.topic + ": record is too large" }

// Unwrap returns the broker's error.
func (t *tooLarge) Unwrap() error { return t.err }

// abandoned reports whether nobody waits for these records any more.
func (s *sink) abandoned(spans []span) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sp := range spans {
		if !sp.job.dropped {
			return false
		}
	}
	return true
}

// send writes a gathered batch, again and again until it is acknowledged, refused, out of time or abandoned.
func (s *sink) send(q *produceRequest, spans []span) (int64, error) {
	c := s.lane.c
	deadline := time.Now().Add(c.cfg.Timeout)
	ctx, cancel := context.WithDeadline(c.life, deadline)
	defer cancel()
	timeout := min(c.cfg.Timeout, 15*time.Second)
	wait := backOff{first: 20 * time.Millisecond, most: time.Second}
	finished, sent := false, false
	for {
		base, err := int64(0), s.identify(ctx)
		if err == nil {
			if !finished {
				q.finish(c.cfg.ClientID, s.topic, int32(s.partition), timeout, s.lane.codec, s.id)
				finished = true
			}
			var leader int32
			if leader, err = c.leader(ctx, s.topic, s.partition); err == nil {
				sent = true
				base, err = c.produce(ctx, leader, q, timeout)
			}
		}
		switch code := codeOf(err); {
		case err == nil:
			s.advance(q.batch.count)
			return base, nil
		case code == kafka.DuplicateSequenceNumber:
			s.advance(q.batch.count)
			return base, nil
		case code == kafka.OutOfOrderSequenceNumber || code == kafka.UnknownProducerId || code == kafka.InvalidProducerEpoch || code == kafka.InvalidProducerIDMapping:
			// The broker does not remember this sequence: it lost its state, or the topic was made anew. The batch was
			// not written; it goes out as the first of the next epoch.
			s.renew()
			if s.known {
				q.restamp(s.id)
			} else {
				finished = false
			}
		case !retriable(err):
			return 0, err
		case stale(err):
			c.meta.forget(s.topic)
		}
		if s.abandoned(spans) || !wait.sleep(ctx) {
			if sent {
				s.renew() // it may still be written: the next epoch fences it off
			}
			return 0, datarun.Errorf(datarun.KindOf(err), "", "gave up after %s: %w", c.cfg.Timeout, err)
		}
	}
}

func retriable(err error) bool {
	k := datarun.KindOf(err)
	return k == datarun.Unavailable || codeOf(err) == kafka.UnknownTopicOrPartition
}

// identify sees to it that the sink has a producer id.
func (s *sink) identify(ctx context.Context) error {
	if s.known {
		return nil
	}
	id, err := s.lane.producerID(ctx, s.id.id)
	if err != nil {
		return err
	}
	s.id, s.known = producer{id: id}, true
	return nil
}

// advance moves the sequence behind a batch of n records.
func (s *sink) advance(n int) {
	next := int64(s.id.sequence) + int64(n)
	if next > math.MaxInt32 {
		next -= math.MaxInt32 + 1
	}
	s.id.sequence = int32(next)
}

// renew begins the next epoch of the producer, which fences off whatever of this one may still be under way.
func (s *sink) renew() {
	s.id.sequence = 0
	if s.id.epoch++; s.id.epoch < 0 || s.id.epoch == math.MaxInt16 {
		s.known = false
	}
}
