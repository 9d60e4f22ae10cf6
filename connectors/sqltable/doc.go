// Package sqltable reads one table of an SQL database as a stream: what the connectors for PostgreSQL, MySQL and SQLite
// have in common, which is everything but the driver. It knows the stream options, the position, the two phases
// (snapshot, then changes by a cursor column) and how a column's text becomes a JSON value.
//
// It guarantees, given a Session that keeps its promises: every row that exists when a snapshot begins is emitted, in key
// order; every later change is emitted, if it moves the row's cursor forward and is committed within the window; a
// stream goes on from any position it emitted, in the middle of a snapshot too; memory is bounded by one batch and a
// million hashes per stream; an idle poll emits no records.
//
// It does not: see deletes without a soft-delete column, see changes of rows whose cursor is NULL (until the next full
// snapshot), or judge values: what does not fit its item type is handed over as text, for the hub to quarantine.
package sqltable
