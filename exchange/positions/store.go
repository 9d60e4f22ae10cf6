package positions

import (
	"context"

	"datarun"
	"datarun/exchange"
)

// MaxPosition is the largest position kept, in bytes.
const MaxPosition = 64 << 10

// Store keeps positions. It is safe for concurrent use.
type Store struct{ table *exchange.Table }

// Open makes sure that the topic exists and loads it.
func Open(ctx context.Context, c *exchange.Cluster) (*Store, error) {
	t, err := exchange.OpenTable(ctx, c, exchange.TopicPositions)
	if err != nil {
		return nil, datarun.Wrap("positions", err)
	}
	return &Store{table: t}, nil
}

// key is unique, since a stream's name has no slash.
func key(source, stream string) string { return source + "/" + stream }

// Load returns the position of a stream that was saved last, by any hub; empty when there is none.
func (s *Store) Load(ctx context.Context, source, stream string) (datarun.Position, error) {
	if err := s.table.Refresh(ctx); err != nil {
		return nil, datarun.Wrap("positions", err)
	}
	value, _ := s.table.Get(key(source, stream))
	return append(datarun.Position(nil), value...), nil
}

// Save keeps the position of a stream and returns nil when it is durable. An empty one means from the beginning.
func (s *Store) Save(ctx context.Context, source, stream string, p datarun.Position) error {
	if len(p) > MaxPosition {
		return datarun.Errorf(datarun.Invalid, "positions", "%s stream %s: position of %d bytes; at most %d", source, stream, len(p), MaxPosition)
	}
	if len(p) == 0 {
		p = nil
	}
	return datarun.Wrap("positions", s.table.Set(ctx, key(source, stream), p))
}
