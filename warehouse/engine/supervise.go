package engine

import (
	"context"
	"log/slog"
	"time"
)

// Backoff bounds between restarts.
const (
	firstBackoff = 200 * time.Millisecond
	lastBackoff  = 30 * time.Second
	stopTimeout  = 20 * time.Second
)

// Run keeps an engine running until ctx ends, and then stops it. up is called each time one answers: the first call
// tells where it is, and later ones have the same ports and password, so an open pool finds it again. The first start
// must succeed, or Run returns its error; a later death is followed by a restart after a back-off.
func Run(ctx context.Context, c Config, up func(*Engine)) error {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	e, err := Start(ctx, c)
	if err != nil {
		return err
	}
	c.TCPPort, c.HTTPPort = e.config.TCPPort, e.config.HTTPPort
	for {
		up(e)
		select {
		case <-ctx.Done():
			stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
			defer cancel()
			return e.Stop(stop)
		case <-e.Done():
			c.Logger.Error("engine ended, starting it again", "error", e.Err())
		}
		if e = again(ctx, c); e == nil {
			return nil
		}
	}
}

// again starts until it succeeds; nil when ctx ended.
func again(ctx context.Context, c Config) *Engine {
	for wait := firstBackoff; ; wait = min(2*wait, lastBackoff) {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		e, err := Start(ctx, c)
		if err == nil {
			return e
		}
		if ctx.Err() == nil {
			c.Logger.Error("engine does not start", "error", err, "next_try_in", min(2*wait, lastBackoff))
		}
	}
}
