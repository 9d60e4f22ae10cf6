// Package sqlite reads tables of an SQLite database file: the local database of a department's application.
//
// It guarantees what package sqltable does, and that the file is opened read-only and its writers are not kept waiting: a
// database in WAL mode is read in one transaction, which writers do not notice; any other in pages of at most 10,000
// rows, each read at once and handed over after the file is let go.
//
// It does not: create the files that WAL mode needs beside the database where the folder cannot be written, or see
// deletes without a soft-delete column.
package sqlite
