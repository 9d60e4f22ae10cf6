package check

import (
	"bytes"
	"fmt"

	"datarun"
	"datarun/internal/rowjson"
)

// Checker checks records of one resource. It is not safe for concurrent use: Clone one per goroutine.
type Checker struct {
	entry *entry
	row   rowjson.Row
	text  []byte  // the unescaped text of one value
	order []int32 // item that the field at each place was last; -1 unknown. Sources keep their order, so it mostly is again
	seen  []uint32
	stamp uint32  // of this record in seen
	key   []int32 // field of each key item
}

// New compiles the entry of a resource. The error is Invalid when no record could be checked against it: no items, no
// key, a name twice, a type, length or code system that does not exist. res is not kept.
func New(res *datarun.Resource) (*Checker, error) {
	e, err := compile(res)
	if err != nil {
		return nil, err
	}
	return newChecker(e), nil
}

func newChecker(e *entry) *Checker {
	c := &Checker{entry: e, order: make([]int32, len(e.items)), seen: make([]uint32, len(e.items)), key: make([]int32, len(e.key))}
	for i := range c.order {
		c.order[i] = int32(i)
	}
	return c
}

// Clone returns a Checker of the same entry for another goroutine. It costs a few allocations and compiles nothing; it
// may be called while c is in use.
func (c *Checker) Clone() *Checker { return newChecker(c.entry) }

// Record checks rec and appends its key to key. On a fault it returns key as it was, and the fault; a Fault that rec
// brings is returned as it is. It keeps nothing of rec and changes nothing of it.
func (c *Checker) Record(rec *datarun.Record, key []byte) ([]byte, *datarun.Fault) {
	if rec.Fault != nil {
		return key, rec.Fault
	}
	if len(rec.Data) > datarun.MaxRecord {
		return key, &datarun.Fault{Rule: datarun.RuleSize, Detail: fmt.Sprintf("%d bytes; at most %d", len(rec.Data), datarun.MaxRecord)}
	}
	if rec.Op > datarun.Delete {
		return key, &datarun.Fault{Rule: datarun.RuleSyntax, Detail: fmt.Sprintf("no operation %d", rec.Op)}
	}
	c.trim()
	if err := c.row.Parse(rec.Data); err != nil {
		return key, &datarun.Fault{Rule: datarun.RuleSyntax, Detail: err.Error()}
	}
	var fault *datarun.Fault
	if rec.Op == datarun.Delete {
		fault = c.deleted()
	} else {
		fault = c.upserted()
	}
	if fault != nil {
		return key, fault
	}
	return c.appendKey(key), nil
}

// Scratch that a rare, huge record left behind is given back beyond these.
const (
	keptFields = 4096
	keptText   = 64 << 10
)

func (c *Checker) trim() {
	if cap(c.row.Fields) > keptFields {
		c.row.Fields = nil
	}
	if cap(c.text) > keptText {
		c.text = nil
	}
	if c.stamp++; c.stamp == 0 {
		clear(c.seen)
		c.stamp = 1
	}
}

func (c *Checker) upserted() *datarun.Fault {
	required := 0
	for i := range c.row.Fields {
		f := &c.row.Fields[i]
		at := c.find(i, f)
		if at < 0 {
			return unknown(i, f)
		}
		it := &c.entry.items[at]
		if c.seen[at] == c.stamp {
			return fault(datarun.RuleTwice, it, "given twice")
		}
		c.seen[at] = c.stamp
		if len(f.Value) == 0 || f.Kind == rowjson.Null {
			if it.required {
				return fault(datarun.RuleRequired, it, "required, is null or empty")
			}
			continue
		}
		if rule, detail := c.value(it, f, it.code); rule != "" {
			return fault(rule, it, detail)
		}
		if it.required {
			required++
			if it.keyAt >= 0 {
				c.key[it.keyAt] = int32(i)
			}
		}
	}
	if required < c.entry.required {
		return c.missing(false)
	}
	return nil
}

// deleted looks at the key items only.
func (c *Checker) deleted() *datarun.Fault {
	keys := 0
	for i := range c.row.Fields {
		f := &c.row.Fields[i]
		at := c.find(i, f)
		if at < 0 || c.entry.items[at].keyAt < 0 {
			continue
		}
		it := &c.entry.items[at]
		if c.seen[at] == c.stamp {
			return fault(datarun.RuleTwice, it, "given twice")
		}
		c.seen[at] = c.stamp
		if len(f.Value) == 0 || f.Kind == rowjson.Null {
			return fault(datarun.RuleRequired, it, "part of the key, is null or empty")
		}
		if rule, detail := c.value(it, f, ""); rule != "" {
			return fault(rule, it, detail)
		}
		c.key[it.keyAt] = int32(i)
		keys++
	}
	if keys < len(c.entry.key) {
		return c.missing(true)
	}
	return nil
}

// find returns the index of the item that the i-th field names, -1 when there is none.
func (c *Checker) find(i int, f *rowjson.Field) int32 {
	if i < len(c.order) {
		if at := c.order[i]; string(f.Name) == c.entry.items[at].name {
			return at
		}
	}
	at, known := c.entry.byName[string(f.Name)]
	if !known {
		return -1
	}
	if i < len(c.order) {
		c.order[i] = at
	}
	return at
}

// missing names the first item that has to be there and is not.
func (c *Checker) missing(keysOnly bool) *datarun.Fault {
	for i := range c.entry.items {
		it := &c.entry.items[i]
		if it.required && c.seen[i] != c.stamp && (!keysOnly || it.keyAt >= 0) {
			return fault(datarun.RuleRequired, it, "required, is absent")
		}
	}
	return &datarun.Fault{Rule: datarun.RuleRequired, Detail: "a required item is absent"}
}

// appendKey is datarun.JoinKey on bytes.
func (c *Checker) appendKey(key []byte) []byte {
	for at, i := range c.key {
		if at > 0 {
			key = append(key, '|')
		}
		v := c.textOf(&c.row.Fields[i])
		if bytes.IndexByte(v, '|') < 0 && bytes.IndexByte(v, '\\') < 0 {
			key = append(key, v...)
			continue
		}
		for _, b := range v {
			if b == '|' || b == '\\' {
				key = append(key, '\\')
			}
			key = append(key, b)
		}
	}
	return key
}

// textOf returns the field's text, valid until the next call.
func (c *Checker) textOf(f *rowjson.Field) []byte {
	if !f.Escaped {
		return f.Value
	}
	c.text = rowjson.Unescape(c.text[:0], f.Value)
	return c.text
}
