// Package enginetest gives tests a real ClickHouse engine, one per test binary.
//
// It guarantees: the engine ends with the test binary. A machine without an engine skips the test, or fails it where
// DATARUN_NO_SKIP=1.
//
// It does not: fetch one. Tests must not download half a gigabyte by surprise; `datarun engine fetch` does it.
package enginetest
