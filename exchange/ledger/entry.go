package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"

	"datarun"
	"datarun/internal/rowjson"
)

// Kind says what happened.
type Kind string

// The kinds.
const (
	Lookup  Kind = "lookup"  // one record by key
	List    Kind = "list"    // a page of records
	Push    Kind = "push"    // records handed in over the API
	Publish Kind = "publish" // records published for a source
	Take    Kind = "take"    // records handed over to an agency's system
)

// Entry is one line of the ledger. Hub, Seq, Time, Prev and Hash are set by Write.
type Entry struct {
	Hub      string               `json:"hub"`
	Seq      uint64               `json:"seq"`  // within the hub's chain, from 1
	Time     time.Time            `json:"time"` // UTC, to the microsecond
	Kind     Kind                 `json:"kind"`
	Agency   datarun.AgencyCode   `json:"agency"` // who took, or who gave
	Operator string               `json:"operator,omitempty"`
	Resource datarun.ResourceCode `json:"resource,omitempty"`
	Grant    datarun.GrantID      `json:"grant,omitempty"`
	Purpose  string               `json:"purpose,omitempty"`
	Case     string               `json:"case,omitempty"`
	Subjects []string             `json:"subjects,omitempty"` // keyed digests of whom it was about, never the numbers
	Count    int                  `json:"count"`              // records asked for or moved
	Prev     string               `json:"prev"`               // Hash of the entry before, 64 hex digits; zeros for the first
	Hash     string               `json:"hash"`               // see canonical; 64 hex digits
}

// timeFormat is the one form of a time in the ledger.
const timeFormat = "2006-01-02T15:04:05.000000Z"

// zeroHash stands before the first entry of a chain.
const zeroHash = "0000000000000000000000000000000000000000000000000000000000000000"

// canonical returns the canonical form of e, which is what its hash is made over: a JSON object with the members hub,
// seq, time, kind, agency, operator, resource, grant, purpose, case, subjects and count in this order, each left out
// when empty but for hub, seq, time, kind, agency and count; no white space; strings in UTF-8 with nothing escaped but
// quote, backslash and control characters. Hash is the SHA-256 of the 64 hex digits of Prev and this form.
func (e *Entry) canonical() []byte {
	b := []byte{'{'}
	b = rowjson.AppendString(rowjson.AppendName(b, "hub"), e.Hub)
	b = strconv.AppendUint(rowjson.AppendName(b, "seq"), e.Seq, 10)
	b = rowjson.AppendString(rowjson.AppendName(b, "time"), e.Time.UTC().Format(timeFormat))
	b = rowjson.AppendString(rowjson.AppendName(b, "kind"), string(e.Kind))
	b = rowjson.AppendString(rowjson.AppendName(b, "agency"), string(e.Agency))
	b = optional(b, "operator", e.Operator)
	b = optional(b, "resource", string(e.Resource))
	b = optional(b, "grant", string(e.Grant))
	b = optional(b, "purpose", e.Purpose)
	b = optional(b, "case", e.Case)
	if len(e.Subjects) > 0 {
		b = append(rowjson.AppendName(b, "subjects"), '[')
		for i, s := range e.Subjects {
			if i > 0 {
				b = append(b, ',')
			}
			b = rowjson.AppendString(b, s)
		}
		b = append(b, ']')
	}
	b = strconv.AppendInt(rowjson.AppendName(b, "count"), int64(e.Count), 10)
	return append(b, '}')
}

func optional(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return rowjson.AppendString(rowjson.AppendName(b, name), value)
}

// sum returns the hash of e after prev.
func sum(prev string, canonical []byte) string {
	h := sha256.New()
	h.Write([]byte(prev))
	h.Write(canonical)
	return hex.EncodeToString(h.Sum(nil))
}

// stored returns the bytes of e in the topic: the canonical form with prev and hash as last members.
func (e *Entry) stored() []byte {
	b := e.canonical()
	b = rowjson.AppendString(rowjson.AppendName(b[:len(b)-1], "prev"), e.Prev)
	b = rowjson.AppendString(rowjson.AppendName(b, "hash"), e.Hash)
	return append(b, '}')
}

// link makes e the entry after prev, the one of sequence seq.
func (e *Entry) link(hub string, seq uint64, prev string) {
	e.Hub, e.Seq, e.Prev = hub, seq, prev
	e.Time = e.Time.UTC().Truncate(time.Microsecond)
	e.Hash = sum(prev, e.canonical())
}

// parse reads stored bytes and reports why they are not an entry as this package writes it; "" when they are.
func parse(value []byte) (e Entry, reason string) {
	if json.Unmarshal(value, &e) != nil {
		return e, "it is not an entry"
	}
	if !bytes.Equal(e.stored(), value) {
		return e, "it is not in canonical form"
	}
	if sum(e.Prev, e.canonical()) != e.Hash {
		return e, "its hash is not that of its content"
	}
	return e, ""
}

// ID names the entry in the ledger: the hub and its number in that hub's chain, "hub-1/42".
func (e *Entry) ID() string { return e.Hub + "/" + strconv.FormatUint(e.Seq, 10) }
