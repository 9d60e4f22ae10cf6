package exchange

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"

	"datarun"
)

// fetcher fetches the partitions of one generation of the group and hands them to the handler.
//
// A partition is hot after a fetch that brought something and cold after one that brought nothing. Cold ones, which may be
// thousands, wait together in long polls of up to coldMost partitions each; hot ones are asked in short requests of their
// own, so that a busy partition is never behind an idle one. A partition is asked for more only when nothing of it is
// waiting: one delivery is being handled, one is fetched meanwhile.
type fetcher struct {
	s      *Subscriber
	member member
	handle Handler
	fail   func(error)
	ctx    context.Context // of handlers
	fctx   context.Context // of fetches

	mu        sync.Mutex
	parts     map[place]*part
	hot, cold []*part // ready to be fetched
	hotBusy   int     // requests under way
	coldBusy  int
	coldSlots int
	flight    int // bytes reserved for hot requests, or fetched and not yet handled
	stopping  bool
	work      sync.WaitGroup // handlers
	fetches   sync.WaitGroup
}

const (
	hotSlots  = 4        // short requests at once
	hotMost   = 8        // partitions of one
	coldMost  = 256      // partitions of one long poll
	coldBytes = 64 << 10 // asked of each: enough to see that there is something
	coldWait  = 500 * time.Millisecond
	drainTime = 5 * time.Second // for handlers to end when the partitions go to somebody else
)

// part is one partition.
type part struct {
	place
	resource   datarun.ResourceCode
	generation uint16

	// Guarded by fetcher.mu.
	next     int64 // offset to fetch
	turn     int   // goes up when next is set back: what is under way is then void
	listed   bool  // in hot or cold
	fetching bool
	chilled  bool // cold
	alone    bool // must be fetched alone, since its next batch is larger than what a shared request gives
	resting  bool // after a failure
	dead     bool // stands still until a person decides
	working  bool
	queue    []delivery
	wait     backOff
}

// delivery is a run of messages with what it takes to account for it.
type delivery struct {
	messages []datarun.Message
	first    int64 // offset it was fetched from
	next     int64
	bytes    int
}

// messageSize is the memory of one datarun.Message.
const messageSize = 80

// generation runs one generation until over ends, then waits for the handlers.
func (s *Subscriber) generation(ctx, over context.Context, gen *kafka.Generation, handle Handler, fail func(error)) {
	hctx, cancelHandlers := context.WithCancel(ctx)
	defer cancelHandlers()
	fctx, cancelFetches := context.WithCancel(ctx)
	defer cancelFetches()
	f := &fetcher{
		s: s, handle: handle, fail: fail, ctx: hctx, fctx: fctx, parts: map[place]*part{},
		member: member{group: gen.GroupID, id: gen.MemberID, generation: gen.ID},
	}
	if f.assign(over, gen.Assignments) {
		f.mu.Lock()
		f.schedule()
		f.mu.Unlock()
	}
	<-over.Done()
	f.mu.Lock()
	f.stopping = true
	f.mu.Unlock()
	cancelFetches()
	f.fetches.Wait()
	late := time.AfterFunc(drainTime, cancelHandlers)
	defer late.Stop()
	f.work.Wait()
}

// assign takes the partitions over. Where nothing was committed yet it begins at the start of the log.
func (f *fetcher) assign(over context.Context, assignments map[string][]kafka.PartitionAssignment) bool {
	var fresh []place
	for topic, as := range assignments {
		code, generation, _ := ParseShareTopic(topic)
		topic = strings.Clone(topic)
		for _, a := range as {
			p := &part{place: place{topic, int32(a.ID)}, resource: code, generation: generation, next: a.Offset}
			p.wait = backOff{first: 100 * time.Millisecond, most: 5 * time.Second}
			f.parts[p.place] = p
			if a.Offset < 0 {
				fresh = append(fresh, p.place)
			}
		}
	}
	wait := backOff{first: 50 * time.Millisecond, most: time.Second}
	for len(fresh) > 0 {
		starts, err := f.s.c.listOffsets(f.fctx, fresh, atStart)
		if err == nil {
			for _, p := range fresh {
				f.parts[p].next = starts[p]
			}
			break
		}
		f.s.c.cfg.Log.Warn("subscribe: cannot find the start of the log", "error", err)
		if !wait.sleep(over) {
			return false
		}
	}
	f.coldSlots = 8 + 2*len(f.parts)/coldMost
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.parts {
		p.chilled = len(f.parts) > hotMost*hotSlots
		f.ready(p)
	}
	// Requests name each topic once.
	slices.SortFunc(f.cold, byPlace)
	slices.SortFunc(f.hot, byPlace)
	return true
}

func byPlace(a, b *part) int {
	if c := strings.Compare(a.topic, b.topic); c != 0 {
		return c
	}
	return int(a.partition - b.partition)
}

// ready lists p to be fetched, if it may be. f.mu is held.
func (f *fetcher) ready(p *part) {
	if p.listed || p.fetching || p.resting || p.dead || len(p.queue) > 0 || f.stopping {
		return
	}
	p.listed = true
	if p.chilled {
		f.cold = append(f.cold, p)
	} else {
		f.hot = append(f.hot, p)
	}
}

// schedule starts as many requests as there are slots and room for. f.mu is held.
func (f *fetcher) schedule() {
	for !f.stopping && len(f.hot) > 0 && f.hotBusy < hotSlots {
		n := 1
		for !f.hot[0].alone && n < min(hotMost, len(f.hot)) && !f.hot[n].alone && len(f.hot) > hotSlots-f.hotBusy {
			n++
		}
		room := f.s.cfg.InFlight - f.flight
		if room < f.s.cfg.FetchBytes && f.flight > 0 {
			return // goes on when something was handled
		}
		reserve := min(n*f.s.cfg.FetchBytes, max(room, f.s.cfg.FetchBytes))
		f.hotBusy++
		f.flight += reserve
		f.start(take(&f.hot, n), reserve, false)
	}
	for !f.stopping && len(f.cold) > 0 && f.coldBusy < f.coldSlots && f.flight < f.s.cfg.InFlight {
		f.coldBusy++
		f.start(take(&f.cold, coldMost), 0, true)
	}
}

func take(list *[]*part, n int) []*part {
	n = min(n, len(*list))
	out := slices.Clone((*list)[:n])
	*list = append((*list)[:0], (*list)[n:]...)
	return out
}

// start begins one request, or one per leader. f.mu is held.
func (f *fetcher) start(parts []*part, reserve int, long bool) {
	for _, p := range parts {
		p.listed, p.fetching = false, true
	}
	f.fetches.Go(func() {
		f.fetch(parts, long, reserve)
		f.mu.Lock()
		defer f.mu.Unlock()
		if long {
			f.coldBusy--
		} else {
			f.hotBusy--
			f.flight -= reserve
		}
		f.schedule()
	})
}

// fetch asks every leader for its part of parts.
func (f *fetcher) fetch(parts []*part, long bool, reserve int) {
	slices.SortFunc(parts, byPlace)
	topics := make([]string, len(parts))
	for i, p := range parts {
		topics[i] = p.topic
	}
	if err := f.s.c.lookUp(f.fctx, slices.Compact(topics)); datarun.KindOf(err) == datarun.Unavailable && err != nil {
		f.rest(parts, err)
		return
	}
	byLeader := map[int32][]*part{}
	for _, p := range parts {
		leader, err := f.s.c.leader(f.fctx, p.topic, int(p.partition))
		if err != nil {
			f.rest([]*part{p}, err)
			continue
		}
		byLeader[leader] = append(byLeader[leader], p)
	}
	var wait sync.WaitGroup
	for leader, parts := range byLeader {
		wait.Go(func() { f.ask(leader, parts, long, reserve) })
	}
	wait.Wait()
}

// ask sends one request and takes in the answer.
func (f *fetcher) ask(leader int32, parts []*part, long bool, reserve int) {
	wants, turns := make([]want, len(parts)), make([]int, len(parts))
	bytes, most, wait := f.s.cfg.FetchBytes, reserve, time.Duration(0)
	if long {
		bytes, most, wait = min(coldBytes, f.s.cfg.FetchBytes), 16*coldBytes, coldWait/2+rand.N(coldWait/2) //nolint:gosec // not all at the same time; it guards nothing
	}
	f.mu.Lock()
	for i, p := range parts {
		wants[i] = want{topic: p.topic, partition: p.partition, offset: p.next, bytes: int32(bytes)}
		turns[i] = p.turn
	}
	f.mu.Unlock()
	gots, err := f.s.c.fetch(f.fctx, leader, wants, most, wait)
	if err != nil {
		f.rest(parts, err)
		return
	}
	byPlace := make(map[place]*got, len(gots))
	for i := range gots {
		if g := &gots[i]; g.code != 0 || len(g.records) > 0 || len(parts) <= hotMost {
			byPlace[place{g.topic, g.partition}] = g
		}
	}
	for i, p := range parts {
		f.took(p, turns[i], wants[i].offset, byPlace[p.place])
	}
	f.mu.Lock()
	f.schedule()
	f.mu.Unlock()
}

// took takes in what a request brought of one partition; g is nil for nothing.
func (f *fetcher) took(p *part, turn int, from int64, g *got) {
	if g == nil {
		g = &got{end: -1}
	}
	if g.code != 0 {
		f.refused(p, from, kafka.Error(g.code))
		return
	}
	r, err := decodeRun(g.records, from, g.aborted)
	f.mu.Lock()
	p.fetching = false
	if p.turn == turn && !f.stopping {
		f.move(p, r, from, g)
		p.dead = err != nil
	}
	f.ready(p)
	dead := p.dead
	f.mu.Unlock()
	if dead {
		f.stand(p, datarun.Errorf(datarun.Corrupt, p.String(), "%w", err))
	}
}

// move takes a partition on by what was fetched. f.mu is held.
func (f *fetcher) move(p *part, r run, from int64, g *got) {
	if len(r.messages) > 0 {
		size := r.bytes + len(r.messages)*messageSize
		f.flight += size
		p.queue = append(p.queue, delivery{messages: r.messages, first: from, next: r.next, bytes: size})
		if !p.working {
			p.working = true
			f.work.Go(func() { f.deliver(p) })
		}
	}
	p.next = r.next
	switch {
	case r.next > from:
		p.alone, p.chilled = false, false
	case g.end > from && p.alone:
		f.pause(p) // the broker has it and does not give it
	case g.end > from:
		p.alone, p.chilled = true, false // a batch larger than a shared request gives; alone it comes whole
	default:
		p.chilled = true
	}
}
