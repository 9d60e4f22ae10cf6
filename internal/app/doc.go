// Package app wires the columns into a hub. It is the only place that knows all of them.
//
// It guarantees: parts start in one visible order and stop in the reverse one; a part that fails takes the process down
// only when the hub cannot go on without it, everything else is shown by Ready and tried again; the order of a record's
// path is kept: published before the position is saved, saved before the source is acked, landed before the offset is
// committed, the ledger written before an answer is read.
//
// It does not: read flags or print (internal/cli does), or hold rules of the directory, of records or of tables.
package app
