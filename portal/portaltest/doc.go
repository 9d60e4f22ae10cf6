// Package portaltest is a hub in memory: everything that the API needs behind its interfaces, for tests of the API and
// for trying it out.
//
// It guarantees: the order of what happened is kept (Events), so that a test can ask whether the ledger was written
// before a row was read.
//
// It does not: check records beyond syntax, names and required items, or keep anything.
package portaltest
