// Package catalog is the shared directory (政务数据目录): its entries, the agencies that provide and ask for data, their
// keys, and the grants. It is a small state machine over an append-only log; the log is the only store.
//
// It guarantees: a change is applied whole or not at all; two catalogues that read the same log hold the same state and
// the same hash, whatever ran at the same time, because a command is judged by a pure function of the records before it;
// the order of the log is the order of changes; what was refused stays in the log, with the same reason for everyone;
// a history that was changed afterwards is noticed by every later command, since each names the head that its writer saw.
// A Snapshot never changes; reading one takes no lock.
//
// It does not: know how the log is stored or replicated, move or check records of a resource, make topics or tables
// (whoever does watches the snapshots), see or keep an API key (only digests), or protect against someone who rewrites
// the log and every head in it: note a head elsewhere and give it to Verify.
package catalog
