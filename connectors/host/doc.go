// Package host is the hub's side of its connectors: it starts them as processes of their own, keeps them alive, and
// pumps what they read into the exchange.
//
//	Launch      one process: checksum, clean environment, handshake, end
//	Supervisor  one source: always a live process behind a connectors.Source, started again with back-off
//	Pump        one stream: load position → read → take → save position → ack → wait
//	Runner      one source with all of its streams
//
// It guarantees: a connector that crashes, hangs, prints garbage or floods its stderr touches no other connector and not
// the hub; no connector outlives the hub, however the hub ends; a batch is durable before its position is saved, and the
// position is saved before it is acked, so that a crash at any point repeats records and never skips one; the bytes
// between a connector and the exchange are bounded, per stream and for the whole hub.
//
// It does not: look into records (the Taker does), store positions (Positions does), or decide what runs.
package host
