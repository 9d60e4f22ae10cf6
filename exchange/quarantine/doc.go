// Package quarantine parks records that broke a rule, in the topic datarun.quarantine, until a person has dealt with
// them.
//
// It guarantees: Park returns nil only after Kafka has the records durably, so that a source's position may move on; the
// same record parked again after a crash is the same entry, not a second one; values are given out by Get only.
// It does not: mend, publish or decide; and its index in memory holds the newest entries only, as many as set.
package quarantine
