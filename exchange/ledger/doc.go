// Package ledger writes down every exchange and lookup: who took what, when, for what. Each entry carries the digest of
// the one before, so that a change, a removal or an insertion shows.
//
// It guarantees: Write returns nil only after Kafka has the entry durably, so an answer given after it is always
// accounted for; entries of one hub form one chain, which goes on after a restart; Verify names the first broken link.
// It does not: hold personal data (subjects are keyed digests made by the caller), decide who may look, or protect
// against somebody who can rewrite the whole topic and holds no copy of an older chain head elsewhere.
package ledger
