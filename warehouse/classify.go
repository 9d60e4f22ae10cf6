package warehouse

import (
	"context"
	"errors"
	"io"
	"net"

	"github.com/ClickHouse/clickhouse-go/v2"

	"datarun"
)

// Server error codes, from ClickHouse's ErrorCodes.cpp, by what the caller can do about them.
var kindOfCode = map[int32]datarun.Kind{
	60: datarun.NotFound, 81: datarun.NotFound, 16: datarun.NotFound, 47: datarun.NotFound, // table, database, column, identifier
	192: datarun.Denied, 193: datarun.Denied, 194: datarun.Denied, 516: datarun.Denied, 497: datarun.Denied, 291: datarun.Denied,
	57: datarun.Conflict, 82: datarun.Conflict, 44: datarun.Conflict, 15: datarun.Conflict, // exists already
	6: datarun.Invalid, 27: datarun.Invalid, 38: datarun.Invalid, 41: datarun.Invalid, 53: datarun.Invalid, 62: datarun.Invalid, 69: datarun.Invalid, 349: datarun.Invalid,
	// Full, busy, read-only for now, shutting down, lost its keeper, out of memory: the same data will go in later.
	159: datarun.Unavailable, 160: datarun.Unavailable, 164: datarun.Unavailable, 201: datarun.Unavailable, 202: datarun.Unavailable,
	203: datarun.Unavailable, 209: datarun.Unavailable, 210: datarun.Unavailable, 225: datarun.Unavailable, 236: datarun.Unavailable, 241: datarun.Unavailable,
	242: datarun.Unavailable, 243: datarun.Unavailable, 252: datarun.Unavailable, 279: datarun.Unavailable, 285: datarun.Unavailable, 286: datarun.Unavailable,
	319: datarun.Unavailable, 394: datarun.Unavailable, 439: datarun.Unavailable, 473: datarun.Unavailable, 999: datarun.Unavailable,
	40: datarun.Corrupt, 228: datarun.Corrupt, 246: datarun.Corrupt,
}

// Classify puts a place in front of an error of the client and gives it its Kind. Nil stays nil, and an error that has a
// Kind keeps it.
//
// Server messages can quote values (a number that does not parse): of a server error only code and name are kept, and
// the text of those kinds that speak of tables and rights.
func Classify(op string, err error) error {
	if err == nil {
		return nil
	}
	if have := (*datarun.Error)(nil); errors.As(err, &have) {
		return datarun.Wrap(op, err)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &datarun.Error{Kind: datarun.Unavailable, Op: op, Err: err}
	}
	if server := (*clickhouse.Exception)(nil); errors.As(err, &server) {
		kind := kindOfCode[server.Code]
		if kind == datarun.Internal || kind == datarun.Invalid {
			return datarun.Errorf(kind, op, "server error %d (%s)", server.Code, server.Name)
		}
		return datarun.Errorf(kind, op, "server error %d: %s", server.Code, cut(server.Message))
	}
	network := net.Error(nil)
	switch {
	case errors.Is(err, clickhouse.ErrAcquireConnTimeout), errors.Is(err, clickhouse.ErrAcquireConnNoAddress),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.As(err, &network):
		return &datarun.Error{Kind: datarun.Unavailable, Op: op, Err: err}
	}
	return &datarun.Error{Kind: datarun.Internal, Op: op, Err: err}
}

// cut bounds a server's message; a full one carries a stack trace.
func cut(s string) string {
	const most = 300
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
