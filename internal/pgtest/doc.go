// Package pgtest starts a private PostgreSQL server for tests, on a port of the system's choice and a data directory
// that goes away with the test.
//
// It guarantees: one server per test binary however often Start is called, each call a database of its own; the server
// dies with the test binary, whatever ends that. It skips, or fails where skips are forbidden, when PostgreSQL is not
// installed.
//
// It does not: keep anything on disk safe (fsync is off), or ask for a password: the password that it gives is accepted
// because any is, unless the test changes pg_hba.conf.
package pgtest
