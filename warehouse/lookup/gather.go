package lookup

import (
	"context"
	"sync/atomic"

	"datarun"
)

// call is one Get that waits.
type call struct {
	ctx  context.Context
	keys []string
	rows []Row
	err  error
	done chan struct{}
}

// lane is the lookups of one shape: one query at a time, and those that wait for the next. It is there only while it has
// work; Lookup.mu guards waiting.
type lane struct {
	shape   *shape
	waiting []*call
}

// run answers what waits, query by query, until nothing does.
func (l *Lookup) run(id string, n *lane) {
	for {
		l.mu.Lock()
		if len(n.waiting) == 0 {
			delete(l.lanes, id)
			l.mu.Unlock()
			return
		}
		calls := n.take(l.options.Keys)
		l.mu.Unlock()
		l.answer(n.shape, calls)
	}
}

// take removes calls of up to about most keys, at least one call, in the order they came. Those that nobody waits for
// any more are left out.
func (n *lane) take(most int) []*call {
	var calls []*call
	keys, i := 0, 0
	for ; i < len(n.waiting) && (keys == 0 || keys+len(n.waiting[i].keys) <= most); i++ {
		if c := n.waiting[i]; c.ctx.Err() == nil {
			calls = append(calls, c)
			keys += len(c.keys)
		}
	}
	n.waiting = append([]*call(nil), n.waiting[i:]...)
	return calls
}

// answer runs one query for all calls. It is cancelled only when every caller has gone.
func (l *Lookup) answer(s *shape, calls []*call) {
	if len(calls) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), l.options.Timeout)
	defer cancel()
	var left atomic.Int64
	left.Store(int64(len(calls)))
	for _, c := range calls {
		stop := context.AfterFunc(c.ctx, func() {
			if left.Add(-1) == 0 {
				cancel()
			}
		})
		defer stop()
	}
	found := map[string]Row{}
	keys := make([]string, 0, len(calls))
	for _, c := range calls {
		for _, k := range c.keys {
			if _, twice := found[k]; !twice {
				found[k] = Row{Key: k}
				keys = append(keys, k)
			}
		}
	}
	err := s.get(ctx, l.db, keys, found)
	for _, c := range calls {
		c.err = datarun.Wrap("lookup "+s.table, err)
		for i, k := range c.keys {
			c.rows[i] = found[k]
		}
		close(c.done)
	}
}
