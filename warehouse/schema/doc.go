// Package schema turns a catalogue entry into ClickHouse objects: a table of versions, and a view of the current rows.
//
// It guarantees: Plan is a pure function of what is there and what is wanted; a change that could lose or reinterpret
// stored data is refused with Conflict and the reason, and nothing is done; additive changes apply themselves. The table
// makes replay harmless: of all rows of one key, the one with the largest version is the current one, a tombstone
// included, in whatever order and however often they come. Inserts are on disk when the server says so.
//
// It does not: move or delete data, or look at rows.
package schema
