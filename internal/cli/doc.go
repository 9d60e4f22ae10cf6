// Package cli is the command line: one file per command, every listing as a table or as JSON.
//
// It guarantees: data go to standard output and everything else to standard error; long work shows progress on a
// terminal and is quiet in a pipe; the exit code tells the kind of failure (0 done, 1 a bug, 2 wrong usage, 3 invalid
// input, 4 not found or not allowed, 5 conflict, 6 a system is away, 7 stored bytes do not add up, 130 interrupted).
//
// It does not: decide anything; commands call the columns through internal/app.
package cli
