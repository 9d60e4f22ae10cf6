// Package mysql reads tables of MySQL and MariaDB over the text protocol, row by row as they arrive.
//
// It guarantees what package sqltable does: a snapshot of an InnoDB table is one REPEATABLE READ transaction in key
// order, times are read in UTC whatever the server is set to. Tables of engines that lock the table while it is read
// (MyISAM, Aria) are read in pages instead. It only ever opens READ ONLY transactions.
//
// It does not: read the binary log, so deletes need a soft-delete column; create anything at the source.
package mysql
