package catalog

import (
	"context"
	"time"
)

// Log is the append-only log that the directory lives in: one partition, kept for ever, never compacted. Offsets grow
// and may have gaps. logtest has one in memory.
type Log interface {
	// Append stores value durably behind everything stored before and returns its offset. After an error the value may
	// be stored all the same.
	Append(ctx context.Context, value []byte) (offset int64, err error)
	// Read calls fn for every record from offset from to what is the end now, in order, and returns.
	Read(ctx context.Context, from int64, fn Visit) error
	// Follow calls fn for every record from offset from on, in order, and waits for more until ctx ends. It returns the
	// error of fn as it is.
	Follow(ctx context.Context, from int64, fn Visit) error
}

// Visit takes one record off the log: its offset, the time the log took it (for showing; no rule reads it), and the
// bytes, which are valid during the call only.
type Visit = func(offset int64, at time.Time, value []byte) error

// MaxCommand is the largest command, in bytes: some 800 entries of 20 items. The log must take records of this size,
// so it stays a little below the 2 MiB that a topic of the hub takes. It is a rule of the commands: see rulesVersion.
const MaxCommand = 2<<20 - 4096
