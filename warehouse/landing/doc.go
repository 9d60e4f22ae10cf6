// Package landing takes deliveries off the log and puts them into ClickHouse.
//
// It guarantees: a delivery's Commit is called only after the server said that its rows are on disk, and its unreadable
// messages are in quarantine; nothing is dropped, clamped or defaulted; a replay changes nothing, since every row's
// version is its place in the log. Accept blocks while the memory budget is used up. A decimal never passes through a
// float. Rows are visible within about a fifth of a second of Accept when the server keeps up.
//
// It does not: make tables (schema does), check rules that the type of an item does not know (exchange does, before the
// log), or read Kafka.
package landing
