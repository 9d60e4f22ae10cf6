package sqltable

import (
	"hash/maphash"

	"datarun"
)

// maxSeen bounds the hashes kept per stream and pass.
const maxSeen = 1 << 20

// seen is a bounded set of hashes of records. 64 bits: two records of a full set collide once in 10^13 lookups.
type seen struct {
	hashes   map[uint64]struct{}
	limit    int
	overflow bool // some did not fit and will be repeated
}

func (s *seen) add(h uint64) {
	if len(s.hashes) >= s.limit {
		s.overflow = true
		return
	}
	if s.hashes == nil {
		s.hashes = map[uint64]struct{}{}
	}
	s.hashes[h] = struct{}{}
}

func (s *seen) has(h uint64) bool {
	_, ok := s.hashes[h]
	return ok
}

var (
	upsertSeed = maphash.MakeSeed()
	deleteSeed = maphash.MakeSeed()
)

// hashRecord hashes a whole record, not its key and cursor: two changes within the resolution of the cursor differ only
// in the rest.
func hashRecord(op datarun.Op, data []byte) uint64 {
	if op == datarun.Delete {
		return maphash.Bytes(deleteSeed, data)
	}
	return maphash.Bytes(upsertSeed, data)
}
