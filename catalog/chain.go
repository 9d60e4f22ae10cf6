package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Hash is one link of the chain: SHA-256 over the link before it and the bytes of the record.
type Hash [sha256.Size]byte

// String returns 64 hex digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes 64 hex digits.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads 64 hex digits.
func (h *Hash) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(h)) {
		return fmt.Errorf("hash: %d characters, want %d", len(text), hex.EncodedLen(len(h)))
	}
	_, err := hex.Decode(h[:], text)
	return err
}

// next folds one record into the chain. The link before is of fixed length, so no two histories have the same bytes.
func (h Hash) next(value []byte) Hash {
	d := sha256.New()
	d.Write(h[:])
	d.Write(value)
	var out Hash
	d.Sum(out[:0])
	return out
}

// Head is a point of the history: how many records it has, and the chain's hash over them. It counts records and not
// offsets, so that a copy of the log that another level of government keeps has the same heads.
type Head struct {
	Seq  int64 `json:"seq"`
	Hash Hash  `json:"hash"`
}

// chain keeps every link, 32 bytes a record, so that a command's head can be looked up however late it comes.
type chain struct{ links []Hash }

func newChain() *chain { return &chain{links: make([]Hash, 1)} }

func (c *chain) head() Head { return Head{Seq: int64(len(c.links) - 1), Hash: c.links[len(c.links)-1]} }

func (c *chain) add(value []byte) { c.links = append(c.links, c.links[len(c.links)-1].next(value)) }

// has reports whether the history went through h.
func (c *chain) has(h Head) bool {
	return h.Seq >= 0 && h.Seq < int64(len(c.links)) && c.links[h.Seq] == h.Hash
}
