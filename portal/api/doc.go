// Package api is the HTTP API of the hub under /api/v1: the directory, pushing records, looking records up.
//
// It guarantees: an operation without a declared need does not start; a read is authorised by a grant and written to
// the ledger before the rows are read; without a grant the answer is, byte for byte, the one for what does not exist;
// a push is answered after its records are durable, and with an Idempotency-Key it is answered the same way again;
// memory is bounded over all requests, and what does not fit is refused with 413 or 429 before it is read; no answer
// and no log line repeats a value that a caller sent.
//
// It does not: check records against their entry, publish or read them. Whoever builds it hands those in behind the
// small interfaces of this package.
package api
