// Package postgres reads tables of PostgreSQL, and of databases that speak its protocol, over COPY.
//
// It guarantees what package sqltable does: a snapshot is one REPEATABLE READ transaction in key order, a row's text
// goes from the wire to JSON in one step without an allocation of its own, times are read in UTC whatever the server is
// set to. It only ever opens READ ONLY transactions.
//
// It does not: read the write-ahead log, so deletes need a soft-delete column; create anything at the source.
package postgres
