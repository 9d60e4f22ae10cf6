package postgres

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"datarun"
)

// pool keeps a few idle connections between polls.
type pool struct {
	mu   sync.Mutex
	idle []*pgconn.PgConn
}

const (
	maxIdle   = 2
	closeTime = 2 * time.Second
)

// connect takes an idle connection that still answers, or opens one.
func (s *Source) connect(ctx context.Context) (*pgconn.PgConn, error) {
	conn, err := s.take(ctx)
	if ctx.Err() != nil && err != nil {
		return nil, ctx.Err()
	}
	return conn, s.fault("connect", err)
}

func (s *Source) take(ctx context.Context) (*pgconn.PgConn, error) {
	for {
		s.pool.mu.Lock()
		n := len(s.pool.idle)
		if n == 0 {
			s.pool.mu.Unlock()
			break
		}
		conn := s.pool.idle[n-1]
		s.pool.idle = s.pool.idle[:n-1]
		s.pool.mu.Unlock()
		if conn.Ping(ctx) == nil {
			return conn, nil
		}
		hangUp(conn)
	}
	config, err := s.settings.config()
	if err != nil {
		return nil, err
	}
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	if conn.ParameterStatus("server_encoding") == "" {
		hangUp(conn)
		return nil, datarun.Errorf(datarun.Invalid, "connect", "the server does not say its encoding")
	}
	return conn, nil
}

// release gives a connection back. One that broke, or stands inside a transaction, is closed.
func (s *Source) release(conn *pgconn.PgConn) {
	keep := !conn.IsClosed() && conn.TxStatus() == 'I'
	if keep {
		s.pool.mu.Lock()
		if keep = len(s.pool.idle) < maxIdle; keep {
			s.pool.idle = append(s.pool.idle, conn)
		}
		s.pool.mu.Unlock()
	}
	if !keep {
		hangUp(conn)
	}
}

func hangUp(conn *pgconn.PgConn) {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	_ = conn.Close(ctx) // there is nobody left to tell
}

// Close closes the idle connections.
func (s *Source) Close() error {
	s.pool.mu.Lock()
	idle := s.pool.idle
	s.pool.idle = nil
	s.pool.mu.Unlock()
	for _, conn := range idle {
		hangUp(conn)
	}
	return nil
}
