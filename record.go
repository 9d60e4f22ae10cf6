package datarun

// Op says what happened to a record.
type Op uint8

// The operations. The numbers are on the wire: append only.
const (
	Upsert Op = iota // the record is as given, whether it was there before or not
	Delete           // the record is gone; Data needs the key items only
)

// Position says where a stream is to be read on from. The hub stores and returns it and never looks inside; connectors
// write JSON into it so that a person can. Empty means from the beginning. At most 64 KiB.
type Position []byte

// Record is one row as a source gave it, not yet checked.
type Record struct {
	Op Op
	// Data is one flat JSON object, item name → value, in the forms the ItemType constants list. Any scalar may also be
	// given as its text in a JSON string, since a CSV knows nothing else. Decimals are strings or exact number
	// literals; times carry a zone.
	Data []byte
	// Fault is set by a connector that could not make sense of the row (a CSV line with a broken quote). Data then is
	// the raw row as a JSON string, cut to 64 KiB, and the record goes to quarantine.
	Fault *Fault
}

// Batch is a run of records of one stream, in source order. Position is where to go on after its last record.
// A batch may be empty: then it moves the position only. An empty Position does not move it: the records stand or fall
// with the next batch that carries one. So a batch can be split, and only the last piece carries the position.
type Batch struct {
	Records  []Record
	Position Position
}

// Bytes returns the sum of the records' data lengths.
func (b *Batch) Bytes() int {
	n := 0
	for i := range b.Records {
		n += len(b.Records[i].Data)
	}
	return n
}

// Rule names a check that a record can fail.
type Rule string

// The rules.
const (
	RuleSyntax   Rule = "syntax"   // the row is not readable: broken JSON, quote, encoding
	RuleUnknown  Rule = "unknown"  // an item the entry does not have
	RuleTwice    Rule = "twice"    // an item given twice
	RuleRequired Rule = "required" // a required or key item is absent, null or empty
	RuleType     Rule = "type"     // the value is not of the item's type
	RuleLength   Rule = "length"   // too many characters or digits
	RuleRange    Rule = "range"    // outside what the type can hold
	RuleCode     Rule = "code"     // not a valid code of the item's code system
	RuleSize     Rule = "size"     // the record is over 1 MiB
)

// Fault is why a record went to quarantine.
type Fault struct {
	Rule Rule     `json:"rule"`
	Item ItemName `json:"item,omitempty"` // empty when the row as a whole is at fault
	// Detail says what was expected; it never repeats the value.
	Detail string `json:"detail"`
	// Where is the row in terms of its source: "persons.csv:17", "page 3 row 2". Empty when there is nothing to say.
	Where string `json:"where,omitempty"`
}

// MaxRecord is the largest record the hub carries, in bytes of Data.
const MaxRecord = 1 << 20
