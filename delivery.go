package datarun

import (
	"context"
	"time"
)

// Message is one envelope as it comes off the log: its place there, and the bytes.
type Message struct {
	Offset int64
	Time   time.Time // of the log record: when the hub published it; the answer's as-of time
	Key    []byte
	Value  []byte // nil for a tombstone
}

// Delivery is a run of messages of one partition, in log order, with the commit that travels with it.
type Delivery struct {
	Resource   ResourceCode
	Generation uint16 // of the topic
	Partition  int
	Messages   []Message // owned by the receiver
	// Commit says that these messages and all before them in the partition are durable. It may be called from another
	// goroutine, later, and for the last of several deliveries only. Conflict means that the partition went to another
	// consumer meanwhile: harmless, since a replay is.
	Commit func(ctx context.Context) error
}
