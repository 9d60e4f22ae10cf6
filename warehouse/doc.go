// Package warehouse speaks to ClickHouse over its native protocol: one pool, and errors that carry a datarun.Kind.
//
// It guarantees: a connection is given back whatever happens; an error that means "the server is away or busy" is
// Unavailable, one that means "you may not" is Denied, one that means "there is no such table" is NotFound; no error
// text and no log line contains a password. Below it, engine runs a ClickHouse of our own, schema makes the tables,
// landing fills them and lookup reads them. DESIGN.md is the one-page drawing.
//
// It does not: know where records come from, decide who may read, or start a server.
package warehouse
