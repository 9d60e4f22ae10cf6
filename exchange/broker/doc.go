// Package broker runs a Kafka-protocol broker inside the hub's process, for a city that has no Kafka yet.
//
// It guarantees: a produce is acknowledged only after fsync; what was acknowledged is there after a crash and a restart
// on the same directory; only one process opens a directory; it listens on loopback only and asks for a password that
// only the owner of the directory can read.
//
// It does not: replicate, run on several machines, or compact and expire by itself. Beyond some tens of millions of
// records a real Kafka is the right place; the hub speaks to both in the same way. DESIGN.md of package exchange has the
// measured limits.
//
// It is github.com/twmb/franz-go/pkg/kfake with a data directory; nothing else in the hub imports franz-go.
package broker
