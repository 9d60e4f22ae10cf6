// Package e2e tests the whole path with real processes: the binary as people run it, PostgreSQL, the embedded engines and
// Apache Kafka, and signals that nobody can catch.
//
// It guarantees: a run leaves no process behind, and fails when the hub did; every test has a folder and ports of its
// own; what the hub said on standard error is in the report of a test that failed.
//
// It does not: run without DATARUN_E2E=1, or measure speed. Latencies are logged and nothing is asserted about them.
package e2e
