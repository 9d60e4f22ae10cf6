// Package wire carries the connector contract over a process border: hashicorp/go-plugin, gRPC only, mutual TLS with
// certificates made for one launch. Serve is the whole main of a connector; Client is the other half, again a
// connectors.Source, so that nobody needs to know which side of the wire they hold.
//
//	package main
//
//	import ("datarun/connectors/wire"; "example.org/tax")
//
//	func main() { wire.Serve(tax.Connector) }
//
// It guarantees: records, order, positions and error kinds arrive as they left; a batch of any size is split so that
// every message stays below 4 MiB, and only its last piece carries the position; a record over datarun.MaxRecord arrives
// as a Fault with RuleSize; the hub being behind blocks emit in the connector (gRPC flow control); at most one Read per
// stream runs inside the connector, even when the hub cancels one and starts the next at once; a connector ends when the
// process that started it does.
//
// It does not: start processes or start them again (package host does), retry, or store positions. The kind of an error
// that the hub's emit returned does not travel back: the connector sees its context end, and the hub's Read returns the
// hub's own error.
package wire
