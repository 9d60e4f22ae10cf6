// Package program finds programs of the machine: on the PATH, and where Debian keeps servers off the PATH, such as
// /usr/lib/postgresql/15/bin.
//
// It guarantees: of several versions the one that sorts last is taken.
//
// It does not: run or install anything.
package program
