// Package lookup reads current rows by key, for people who wait at a window.
//
// It guarantees: an answer is the newest version of the key that is on disk, or not found when that is a tombstone;
// lookups that come while one runs are gathered into one query, and one that comes when nothing runs waits for nobody;
// a caller that goes away takes no other with it. Values never become part of a statement.
//
// It does not: decide who may read (authorise and write the ledger before calling), cache, or search by anything but the
// key.
package lookup
