// Package files is the connector for a drop folder: CSV, xlsx and JSON lines files that a department's system or staff
// put there, each read once and then moved away.
//
// It guarantees: a file is taken only after it stayed unchanged for the settle time, and moved to the done folder only
// after every record of it was acked, so a crash at any moment repeats records and never skips any; a file that changes
// while it is read is an error that names it; a row that cannot be understood becomes a record with a Fault that says
// file and line, and reading goes on at the next one; a file that cannot be understood as a whole (a missing column, no
// workbook) becomes one such record, and the file goes to the failed folder; nothing outside the folder is ever opened
// or written; memory is bounded by max_line, by the batch, and for xlsx by the table of its shared strings.
//
// Rules of CSV: RFC 4180 with any one-byte delimiter, lines ending in LF or CRLF, empty lines skipped. A quoted cell may
// span lines, up to max_line bytes for the record. A quote inside an unquoted cell, text after a closing quote, or a
// quote never closed makes the first physical line of the record faulty, and reading goes on at the next physical line.
//
// It does not: watch the folder between reads, unpack archives, read the old binary .xls, understand deletes (a file
// only ever adds and changes records), or trim and correct values: what a cell holds is what the hub judges, except for
// dates and times of items that are declared so.
package files
