// Package positions keeps where each stream of each source is to be read on from, in the topic datarun.positions.
//
// It guarantees: Save returns nil only after Kafka has the position durably; Load returns the newest one saved by any
// hub. It does not: look inside a position, or stop two hubs from running the same stream.
package positions
