// Package mariatest starts a private MariaDB server for tests, on a port of the system's choice and a data directory
// that goes away with the test.
//
// It guarantees: one server per test binary however often Start is called, each call a database of its own; the server
// dies with the test binary, whatever ends that. It skips, or fails where skips are forbidden, when MariaDB is not
// installed.
//
// It does not: keep anything on disk safe (the log is not flushed).
package mariatest
