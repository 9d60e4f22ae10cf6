// Package connectors is the contract between the hub and a system of an agency: what a Source must do, and when.
// It is all that a connector imports beside the root package and its own driver.
//
// # Call sequence
//
//	New(settings)                       once per process; no I/O
//	Check(ctx)                          any time; opens connections of its own; changes nothing at the source
//	Discover(ctx)                       any time; drafts catalogue entries from what is there
//	loop, per stream:
//	  Read(ctx, stream, position, emit) emit(batch) … until caught up, then returns nil
//	  Ack(ctx, stream, position)        after the batch that carried position is durable and position is saved
//	Close()                             once, last; nothing is called after it
//
// Concurrency: Read runs at most once at a time per stream, but runs at the same time for different streams, and Ack may
// be called while the Read of the same stream goes on. Check and Discover may run beside everything. emit is called by
// one goroutine at a time per Read and blocks while the hub is behind: that is the back-pressure.
//
// Positions: the first Read gets an empty position; a later one gets the position of a batch that the hub has made
// durable, not always the last one emitted. A source must be able to go on from any position it ever emitted. After a
// crash the hub repeats from the last saved position, so records may come twice; they must never be skipped.
// Positions are acked in order, but not every one of them: an ack covers all before it. When a host starts it acks the
// saved position once more before the first Read, since it may have ended between saving and acking.
// A batch with an empty position does not move it; the batch that ends what can be resumed carries one.
//
// Cancel: when ctx ends, Read returns soon (within 5 s) with ctx.Err(); what it emitted and emit accepted counts.
// An error from emit must be returned as it is.
//
// Errors carry a datarun.Kind: Unavailable is tried again with back-off, Invalid stops the stream until its settings
// change, everything else is tried again and shown. A row that cannot be understood is not an error: it is emitted as a
// Record with a Fault, and goes to quarantine.
//
// Guarantee the host gives: at least once, in the order emitted, per stream. It does not: split a record, merge streams,
// or look inside a position.
package connectors
