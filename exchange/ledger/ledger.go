package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"sync"
	"time"

	"datarun"
	"datarun/exchange"
)

// Ledger writes entries. It is safe for concurrent use.
type Ledger struct {
	log *exchange.Log
	hub string

	mu      sync.Mutex
	waiting []*write
	busy    bool // flush is running

	// Owned by flush, and by Open before it.
	seq  uint64 // of the newest entry
	hash string
	lost bool // whether the newest append went through is not known
}

// write is the entries of one call.
type write struct {
	entries []Entry
	done    chan error
}

// Open makes sure that the topic exists, finds the last entry of this hub and goes on from there. hub is the name of the
// chain: unique per running hub, and the same after a restart.
func Open(ctx context.Context, c *exchange.Cluster, hub string) (*Ledger, error) {
	return openTopic(ctx, c, exchange.TopicLedger, hub)
}

func openTopic(ctx context.Context, c *exchange.Cluster, topic, hub string) (*Ledger, error) {
	if hub == "" {
		return nil, datarun.Errorf(datarun.Invalid, "ledger", "no hub named")
	}
	log, err := exchange.OpenLog(ctx, c, topic)
	if err != nil {
		return nil, datarun.Wrap("ledger", err)
	}
	l := &Ledger{log: log, hub: hub, hash: zeroHash}
	return l, datarun.Wrap("ledger", l.findHead(ctx))
}

// firstLook is how many records from the end are read first to find the hub's last entry; each further look is four
// times as wide.
const firstLook = 1000

// findHead finds this hub's last entry, from the end backwards.
func (l *Ledger) findHead(ctx context.Context) error {
	start, err := l.log.Start(ctx)
	if err != nil {
		return err
	}
	end, err := l.log.End(ctx)
	if err != nil {
		return err
	}
	for look := int64(firstLook); ; look *= 4 {
		from := max(start, end-look)
		found := false
		err := l.log.Read(ctx, from, func(offset int64, _ time.Time, value []byte) error {
			var e Entry
			if json.Unmarshal(value, &e) != nil || e.Hub != l.hub || e.Seq == 0 {
				return nil //nolint:nilerr // not an entry of this hub
			}
			found, l.seq, l.hash = true, e.Seq, e.Hash
			return nil
		})
		if err != nil || found || from == start {
			return err
		}
	}
}

// Write appends entries and returns them, with hub and number, when they are durable. Concurrent calls share one produce request; a lone one
// goes out at once. After an error the entries may be in the ledger or not.
func (l *Ledger) Write(ctx context.Context, entries ...Entry) ([]Entry, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	w := &write{entries: append([]Entry(nil), entries...), done: make(chan error, 1)}
	for i := range w.entries {
		if w.entries[i].Time.IsZero() {
			w.entries[i].Time = time.Now()
		}
	}
	l.mu.Lock()
	l.waiting = append(l.waiting, w)
	if !l.busy {
		l.busy = true
		go l.flush()
	}
	l.mu.Unlock()
	select {
	case err := <-w.done:
		if err != nil {
			return nil, datarun.Wrap("ledger", err)
		}
		return w.entries, nil
	case <-ctx.Done():
		return nil, datarun.Errorf(datarun.Unavailable, "ledger", "%w", ctx.Err())
	}
}

// groupBytes is how much is appended at once, which must stay below what the topic takes.
const groupBytes = 512 << 10

// flush appends what is waiting, group after group, until nothing is.
func (l *Ledger) flush() {
	for {
		l.mu.Lock()
		group := l.waiting
		l.waiting = nil
		l.busy = len(group) > 0
		l.mu.Unlock()
		if len(group) == 0 {
			return
		}
		for len(group) > 0 {
			group = group[l.append(group):]
		}
	}
}

// append chains and appends the first writes of group, as many as go together, tells them, and returns how many.
func (l *Ledger) append(group []*write) int {
	// The log itself bounds how long an append may take.
	ctx := context.Background()
	err := l.recover(ctx)
	seq, hash := l.seq, l.hash
	var values [][]byte
	n, size := 0, 0
	for ; err == nil && n < len(group) && (n == 0 || size < groupBytes); n++ {
		for i := range group[n].entries {
			e := &group[n].entries[i]
			e.link(l.hub, seq+1, hash)
			seq, hash = e.Seq, e.Hash
			values = append(values, e.stored())
			size += len(values[len(values)-1])
		}
	}
	if err == nil {
		_, err = l.log.Append(ctx, values...)
		l.lost = err != nil && datarun.KindOf(err) != datarun.Invalid
	}
	if err == nil {
		l.seq, l.hash = seq, hash
	}
	n = max(n, 1)
	for _, w := range group[:n] {
		w.done <- err
	}
	return n
}

// recover finds the head again after an append whose fate is not known. The fence it writes first makes the broker
// refuse that append, should it still be under way, so that the chain cannot fork. Readers pass over fences.
func (l *Ledger) recover(ctx context.Context) error {
	if !l.lost {
		return nil
	}
	fence, err := json.Marshal(map[string]string{"fence": l.hub})
	if err != nil {
		return datarun.Errorf(datarun.Internal, "", "%w", err)
	}
	if _, err := l.log.Append(ctx, fence); err != nil {
		return err
	}
	if err := l.findHead(ctx); err != nil {
		return err
	}
	l.lost = false
	return nil
}

// isFence reports whether value is a fence.
func isFence(value []byte) bool { return bytes.HasPrefix(value, []byte(`{"fence":`)) }

// Read calls fn for every entry from offset on up to the end, oldest first; an error of fn ends it. What is not an entry
// is passed over: Verify reports it.
func (l *Ledger) Read(ctx context.Context, from int64, fn func(offset int64, e Entry) error) error {
	start, err := l.log.Start(ctx)
	if err != nil {
		return datarun.Wrap("ledger", err)
	}
	return datarun.Wrap("ledger", l.log.Read(ctx, max(from, start), func(offset int64, _ time.Time, value []byte) error {
		var e Entry
		if isFence(value) || json.Unmarshal(value, &e) != nil {
			return nil //nolint:nilerr // Verify reports it
		}
		return fn(offset, e)
	}))
}

// End returns the offset behind the newest entry, to begin reading some way before it.
func (l *Ledger) End(ctx context.Context) (int64, error) { return l.log.End(ctx) }
