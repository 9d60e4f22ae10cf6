package catalog

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"datarun"
)

// Catalog is the directory of one hub: it reads the log, and writes to it. All methods are safe for concurrent use.
type Catalog struct {
	log     Log
	current atomic.Pointer[Snapshot]

	mu      sync.Mutex // one record at a time, whoever reads it
	fold    *fold
	waiting map[string]chan outcome // by command id: who waits for a command of its own
	running chan struct{}           // closed when Run ends; nil while nobody runs
	dirty   bool                    // the fold has changes that no snapshot shows
}

// Open reads the whole log and returns the directory at its end. It fails when the log cannot be read, or holds commands
// of rules that this build does not know; what was refused is no failure.
func Open(ctx context.Context, log Log) (*Catalog, error) {
	c := &Catalog{log: log, fold: newFold(), waiting: map[string]chan outcome{}}
	c.current.Store(newSnapshot(tables{}, Head{}, -1, 0, make(chan struct{})))
	if err := c.CatchUp(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// Snapshot returns the directory as it is now, as far as this hub has read the log.
func (c *Catalog) Snapshot() *Snapshot { return c.current.Load() }

// CatchUp reads what is in the log now, and returns when the snapshot holds it. A command-line tool needs no Run.
func (c *Catalog) CatchUp(ctx context.Context) error {
	err := c.log.Read(ctx, c.next(), c.read)
	c.mu.Lock()
	c.publish()
	c.mu.Unlock()
	return datarun.Wrap("catalog: read the log", err)
}

// Run follows the log until ctx ends, then returns nil; anything else it returns is why it cannot go on. It may be called
// again then, and goes on where it was. Corrupt means that a person has to look: the log went back, or a newer build
// wrote it.
func (c *Catalog) Run(ctx context.Context) error {
	ended := make(chan struct{})
	c.mu.Lock()
	if c.running != nil {
		c.mu.Unlock()
		return datarun.Errorf(datarun.Internal, "catalog", "runs already")
	}
	c.running = ended
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.running = nil
		c.mu.Unlock()
		close(ended)
	}()
	previous := int64(-1)
	err := c.log.Follow(ctx, c.next(), func(offset int64, at time.Time, value []byte) error {
		if offset <= previous {
			return datarun.Errorf(datarun.Corrupt, "catalog", "the log went back from offset %d to %d: it lost its tail", previous, offset)
		}
		previous = offset
		err := c.read(offset, at, value)
		c.mu.Lock()
		c.publish()
		c.mu.Unlock()
		return err
	})
	if ctx.Err() != nil && (err == nil || errors.Is(err, ctx.Err())) {
		return nil
	}
	return datarun.Wrap("catalog: follow the log", err)
}

func (c *Catalog) next() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fold.offset + 1
}

// read folds one record, unless another reader of this catalogue was faster, and tells whoever waits for it. The caller
// publishes.
func (c *Catalog) read(offset int64, at time.Time, value []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if offset <= c.fold.offset {
		return nil
	}
	out, err := c.fold.step(offset, at, value)
	if err != nil {
		return err
	}
	c.fold.take(&out)
	c.dirty = c.dirty || out.accepted()
	if w := c.waiting[out.command.ID]; w != nil {
		delete(c.waiting, out.command.ID)
		c.publish() // first, so that the writer sees its own change
		w <- out
	}
	return nil
}

// publish makes the fold's state the current snapshot. mu is held. Readers of the old snapshot are woken when the
// directory changed, and not when only the history grew.
func (c *Catalog) publish() {
	old := c.current.Load()
	if old.offset == c.fold.offset {
		return
	}
	signal := old.changed
	if c.dirty {
		signal = make(chan struct{})
	}
	c.current.Store(newSnapshot(c.fold.tables, c.fold.chain.head(), c.fold.offset, c.fold.breaks, signal))
	c.fold.epoch++ // what is shared now is copied before the next write
	if c.dirty {
		close(old.changed)
	}
	c.dirty = false
}

// Watch calls fn with the directory as it is and again whenever it has changed, until ctx ends or fn fails. Changes that
// come while fn works are seen together.
func (c *Catalog) Watch(ctx context.Context, fn func(*Snapshot) error) error {
	for {
		s := c.Snapshot()
		if err := fn(s); err != nil {
			return err
		}
		select {
		case <-s.Changed():
		case <-ctx.Done():
			return nil
		}
	}
}
