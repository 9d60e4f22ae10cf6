// Package engine runs a ClickHouse of the hub's own as a child process: the clickhouse program where it is installed,
// else the same engine from libchdb, loaded into a child of the hub's own binary.
//
// It guarantees: the engine listens on loopback only, and only the user datarun, whose generated password lies in the
// data directory with mode 0600, can read or write; the password is on no command line and in no log. The engine never
// outlives the process that started it. Start returns when the native protocol answers. What is fetched is pinned to
// one version and checked against its SHA-512.
//
// It does not: make tables, tune for more than one machine, or upgrade what lies in the data directory.
package engine
