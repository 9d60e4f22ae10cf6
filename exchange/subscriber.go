package exchange

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"

	"datarun"
)

// SubscriberConfig sets how a Subscriber works. The zero value of a field means its default.
type SubscriberConfig struct {
	Group      string   // consumer group; required
	Topics     []string // to begin with; see SetTopics
	InFlight   int      // most bytes fetched and not yet handled, over all partitions; default 64 MiB
	FetchBytes int      // most bytes asked of one partition at once; default 1 MiB
	// Session is how long a member may be silent before its partitions go to others; default 10 s.
	Session time.Duration
	// OnFault is told of a partition that stands still: its offset is not in the log any more, or its bytes do not add
	// up. The error is Corrupt and names topic, partition and offsets. The other partitions go on. Nil: Run returns it.
	OnFault func(topic string, partition int, err error)
}

// Handler takes a delivery. See Run.
type Handler func(ctx context.Context, d datarun.Delivery) error

// Subscriber takes messages off topics, shared with the other members of its group.
type Subscriber struct {
	c   *Cluster
	cfg SubscriberConfig

	mu      sync.Mutex
	topics  []string
	changed chan struct{} // holds one token when topics are new
}

// NewSubscriber makes a subscriber on a cluster. It does no I/O.
func NewSubscriber(c *Cluster, cfg SubscriberConfig) *Subscriber {
	if cfg.InFlight == 0 {
		cfg.InFlight = 64 << 20
	}
	if cfg.FetchBytes == 0 {
		cfg.FetchBytes = 1 << 20
	}
	if cfg.Session == 0 {
		cfg.Session = 10 * time.Second
	}
	return &Subscriber{c: c, cfg: cfg, topics: tidy(cfg.Topics), changed: make(chan struct{}, 1)}
}

func tidy(topics []string) []string {
	t := slices.Clone(topics)
	slices.Sort(t)
	return slices.Compact(t)
}

// SetTopics replaces the topics subscribed to. It may be called before and during Run, from any goroutine, and returns
// at once; the group rebalances soon after, and only if the set is another one. Topics that do not exist yet are left
// out, and looked for again every few seconds.
func (s *Subscriber) SetTopics(topics []string) {
	topics = tidy(topics)
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Equal(topics, s.topics) {
		return
	}
	s.topics = topics
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

func (s *Subscriber) wanted() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.topics
}

// lookAgain is how often topics that are subscribed to but do not exist are looked for.
const lookAgain = 5 * time.Second

// Run joins the group and hands every message to handle until ctx ends or handle fails. handle is called concurrently
// for different partitions and in order within one; while it blocks, its partition is not fetched further. A first read
// begins at the start of the log. When handle returns an Unavailable error the same messages come again after a while;
// any other error ends Run with it. When ctx ends Run returns nil. While Kafka is away Run goes on trying.
func (s *Subscriber) Run(ctx context.Context, handle func(ctx context.Context, d datarun.Delivery) error) error {
	if s.cfg.Group == "" {
		return datarun.Errorf(datarun.Invalid, "subscribe", "no group given")
	}
	wait := backOff{first: 100 * time.Millisecond, most: 5 * time.Second}
	for ctx.Err() == nil {
		select {
		case <-s.changed:
		default:
		}
		wanted := s.wanted()
		topics, err := s.c.existing(ctx, wanted)
		if err != nil {
			if ctx.Err() == nil {
				s.c.cfg.Log.Warn("subscribe: cannot look up topics", "error", err)
			}
			wait.sleep(ctx)
			continue
		}
		wait.next = 0
		if len(topics) == 0 {
			s.idle(ctx)
			continue
		}
		if err := s.session(ctx, topics, len(topics) < len(wanted), handle); err != nil {
			return datarun.Wrap("subscribe", err)
		}
	}
	return nil
}

// idle waits for topics.
func (s *Subscriber) idle(ctx context.Context) {
	t := time.NewTimer(lookAgain)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-s.changed:
		s.changed <- struct{}{} // Run takes it
	case <-t.C:
	}
}

// session is one membership in the group, for one set of topics. It returns nil when the set is to be another one or
// ctx has ended.
func (s *Subscriber) session(ctx context.Context, topics []string, incomplete bool, handle Handler) error {
	group, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: s.cfg.Group, Brokers: s.c.cfg.Brokers, Dialer: s.c.dialer, Topics: topics,
		GroupBalancers:    []kafka.GroupBalancer{kafka.RoundRobinGroupBalancer{}, kafka.RangeGroupBalancer{}},
		SessionTimeout:    s.cfg.Session,
		HeartbeatInterval: s.cfg.Session / 4,
		RebalanceTimeout:  max(2*drainTime, s.cfg.Session),
		JoinGroupBackoff:  time.Second,
		StartOffset:       kafka.FirstOffset,
		Timeout:           10 * time.Second,
	})
	if err != nil {
		return datarun.Errorf(datarun.Invalid, "group", "%w", err)
	}
	sctx, cancel := context.WithCancel(ctx)
	failed := make(chan error, 1)
	fail := func(err error) {
		select {
		case failed <- err:
		default:
		}
	}
	var loop sync.WaitGroup
	loop.Go(func() { s.generations(sctx, group, handle, fail) })
	err = s.watch(ctx, topics, incomplete, failed)
	_ = group.Close() // always nil; ends the generation, which drains, and leaves the group
	cancel()
	loop.Wait()
	return err
}

// watch waits for what ends a session.
func (s *Subscriber) watch(ctx context.Context, topics []string, incomplete bool, failed <-chan error) error {
	var again <-chan time.Time
	if incomplete {
		t := time.NewTicker(lookAgain)
		defer t.Stop()
		again = t.C
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.changed:
			return nil
		case err := <-failed:
			return err
		case <-again:
			if now, err := s.c.existing(ctx, s.wanted()); err == nil && !slices.Equal(now, topics) {
				return nil
			}
		}
	}
}

// generations runs one generation of the group after the other.
func (s *Subscriber) generations(ctx context.Context, group *kafka.ConsumerGroup, handle Handler, fail func(error)) {
	for {
		gen, err := group.Next(ctx)
		if errors.Is(err, kafka.ErrGroupClosed) || ctx.Err() != nil {
			return
		}
		if err != nil {
			if codeOf(err) == kafka.RebalanceInProgress {
				continue
			}
			err = kindOf(err)
			if k := datarun.KindOf(err); k == datarun.Denied || k == datarun.Invalid {
				fail(datarun.Wrap("group "+s.cfg.Group, err))
			}
			s.c.cfg.Log.Warn("subscribe: cannot join the group", "group", s.cfg.Group, "error", err)
			continue
		}
		gen.Start(func(over context.Context) { s.generation(ctx, over, gen, handle, fail) })
	}
}

// existing returns those of topics that exist, and learns who leads them.
func (c *Cluster) existing(ctx context.Context, topics []string) ([]string, error) {
	var there []string
	for rest := topics; len(rest) > 0; {
		n := min(len(rest), metadataChunk)
		res, err := c.fetchMetadata(ctx, rest[:n])
		if err != nil {
			return nil, err
		}
		for i := range res.Topics {
			t := &res.Topics[i]
			if codeKind(kafka.Error(t.ErrorCode)) == datarun.NotFound {
				continue
			}
			if err := c.learn(t); err != nil {
				return nil, err
			}
			there = append(there, t.Name)
		}
		rest = rest[n:]
	}
	slices.Sort(there)
	return there, nil
}

// Lag is how far a group is behind on one partition.
type Lag struct {
	Topic     string
	Partition int
	Committed int64 // next offset to be read; the start of the log when nothing was committed yet
	End       int64 // offset of the next record to be written
}

// Lag returns how far the group is behind, for every partition of those topics subscribed to that exist.
func (s *Subscriber) Lag(ctx context.Context) ([]Lag, error) {
	lags, err := s.lag(ctx)
	return lags, datarun.Wrap("lag", err)
}

func (s *Subscriber) lag(ctx context.Context) ([]Lag, error) {
	topics, err := s.c.existing(ctx, s.wanted())
	if err != nil {
		return nil, err
	}
	var places []place
	for _, t := range topics {
		for i := range s.c.meta.get(t) {
			places = append(places, place{t, int32(i)})
		}
	}
	ends, err := s.c.listOffsets(ctx, places, atEnd)
	if err != nil {
		return nil, err
	}
	committed, err := s.c.committed(ctx, s.cfg.Group, places)
	if err != nil {
		return nil, err
	}
	var fresh []place
	for _, p := range places {
		if committed[p] < 0 {
			fresh = append(fresh, p)
		}
	}
	starts, err := s.c.listOffsets(ctx, fresh, atStart)
	if err != nil {
		return nil, err
	}
	lags := make([]Lag, len(places))
	for i, p := range places {
		at := committed[p]
		if at < 0 {
			at = starts[p]
		}
		lags[i] = Lag{Topic: p.topic, Partition: int(p.partition), Committed: at, End: ends[p]}
	}
	return lags, nil
}
