// Package bench measures the hub against what people would use instead, in one run on one machine: landing against
// ClickHouse's own Kafka engine, the whole path against a pipe of psql into an INSERT. `make bench` runs it and prints
// the tables of docs/performance.md.
//
// It guarantees: every figure is taken at the sink, by counting rows there; the competitor runs in the same process run,
// on the same engine and the same data; nothing is asserted about time.
//
// It does not: run in ordinary tests (DATARUN_BENCH=1 starts it), or tune the competitor beyond what its manual says.
package bench
