package app

import (
	"context"
	"sync"
	"time"

	"datarun"
	"datarun/portal/api"
)

// How long a sign of life of Kafka and ClickHouse is waited for, and how long the outcome is good for: anybody may ask.
const (
	pulseTime = 2 * time.Second
	pulseAge  = time.Second
)

// pulse is the last that was heard of Kafka and ClickHouse. It is safe for concurrent use: who asks while somebody
// listens waits for the same answer.
type pulse struct {
	mu     sync.Mutex
	at     time.Time
	causes []api.Cause
}

// feel asks Kafka and ClickHouse for a sign of life, unless that was done just now.
func (p *pulse) feel(h *Hub) []api.Cause {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.at) < pulseAge {
		return p.causes
	}
	kafka := h.alive(func(ctx context.Context) error {
		_, err := h.ledger.End(ctx)
		return err
	})
	clickhouse := h.alive(h.db.Ping)
	p.causes = nil
	for _, part := range []struct {
		name  string
		alive <-chan error
	}{{"kafka", kafka}, {"clickhouse", clickhouse}} {
		if err := <-part.alive; err != nil {
			p.causes = append(p.causes, api.Cause{Part: part.name, Detail: publicDetail(err)})
		}
	}
	p.at = time.Now()
	return p.causes
}

// alive calls ask and gives its error, or one of its own when ask takes too long: a client that is connecting does not
// always heed its context.
func (h *Hub) alive(ask func(context.Context) error) <-chan error {
	ctx, cancel := context.WithTimeout(context.Background(), pulseTime)
	asked, out := make(chan error, 1), make(chan error, 1)
	go func() {
		defer cancel()
		asked <- ask(ctx)
	}()
	go func() {
		select {
		case err := <-asked:
			out <- err
		case <-ctx.Done():
			out <- datarun.Errorf(datarun.Unavailable, "pulse", "no answer within %s", pulseTime)
		}
	}()
	return out
}
