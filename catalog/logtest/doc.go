// Package logtest has a log in memory for tests of the catalogue and of what is built on it.
//
// It guarantees what catalog.Log asks for: appends from many goroutines get one order, every reader sees that order, a
// follower is woken by an append. It also plays the two tricks that a real log has: an append that failed and is there
// all the same, and a history that somebody changed.
//
// It does not: keep anything after the test, or bound its memory.
package logtest
