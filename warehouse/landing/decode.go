package landing

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"datarun"
	"datarun/internal/rowjson"
)

// decoder turns messages into rows of a block. It belongs to one partition and is used by one goroutine at a time.
type decoder struct {
	row     rowjson.Row
	seen    []uint32 // per field: the number of the last row that had it
	current uint32
	order   []int // field of the n-th member, as the last row had it: rows of one writer look alike
	scratch []byte
}

// use makes the decoder ready for a layout.
func (d *decoder) use(l *layout) {
	d.seen = make([]uint32, len(l.fields))
	d.current = 0
	d.order = d.order[:0]
	for i := range l.fields {
		d.order = append(d.order, i)
	}
}

// decode appends the message as a row, or leaves the block as it was and says why it is none.
func (d *decoder) decode(b *block, m *datarun.Message, generation uint16, partition int) *datarun.Fault {
	if len(m.Key) == 0 {
		return &datarun.Fault{Rule: datarun.RuleRequired, Detail: "the message has no key"}
	}
	if !utf8.Valid(m.Key) {
		return &datarun.Fault{Rule: datarun.RuleSyntax, Detail: "the message's key is not UTF-8"}
	}
	if m.Offset < 0 || m.Offset >= 1<<48 {
		return &datarun.Fault{Rule: datarun.RuleRange, Detail: "the message's offset does not fit a version"}
	}
	if m.Value == nil {
		for i := range b.columns {
			b.columns[i].appendNull(&b.layout.fields[i])
		}
		b.appendOwn(m, generation, partition, 1)
		return nil
	}
	if len(m.Value) > datarun.MaxRecord {
		return &datarun.Fault{Rule: datarun.RuleSize, Detail: fmt.Sprintf("the record is over %d bytes", datarun.MaxRecord)}
	}
	if err := d.row.Parse(m.Value); err != nil {
		return &datarun.Fault{Rule: datarun.RuleSyntax, Detail: err.Error()}
	}
	if fault := d.values(b); fault != nil {
		d.undo(b)
		return fault
	}
	b.appendOwn(m, generation, partition, 0)
	return nil
}

// values appends the values of the parsed row, and nulls where it has none.
func (d *decoder) values(b *block) *datarun.Fault {
	d.next()
	l, found := b.layout, 0
	for n := range d.row.Fields {
		member := &d.row.Fields[n]
		i, ok := d.field(l, n, member.Name)
		if !ok {
			return &datarun.Fault{Rule: datarun.RuleUnknown, Detail: fmt.Sprintf("member %d is not an item of the entry", n+1)}
		}
		f, c := &l.fields[i], &b.columns[i]
		if d.seen[i] == d.current {
			return fault(f, datarun.RuleTwice, "given twice")
		}
		d.seen[i] = d.current
		c.mark = len(c.data)
		found++
		if member.Kind == rowjson.Null {
			if f.required {
				return fault(f, datarun.RuleRequired, "is null")
			}
			c.appendNull(f)
			continue
		}
		if rule, detail := d.value(c, f, member); rule != "" {
			return fault(f, rule, detail)
		}
	}
	if found == len(l.fields) {
		return nil
	}
	return d.absent(b)
}

// absent appends nulls for the items that the row does not have.
func (d *decoder) absent(b *block) *datarun.Fault {
	for i := range d.seen {
		if f := &b.layout.fields[i]; d.seen[i] != d.current && f.required {
			return fault(f, datarun.RuleRequired, "is absent")
		}
	}
	for i := range d.seen {
		if d.seen[i] != d.current {
			b.columns[i].appendNull(&b.layout.fields[i])
		}
	}
	return nil
}

// next gives the row a number that no field carries yet.
func (d *decoder) next() {
	d.current++
	if d.current == 0 {
		clear(d.seen)
		d.current = 1
	}
}

// field finds the field of the n-th member: most often where the row before had it.
func (d *decoder) field(l *layout, n int, name []byte) (int, bool) {
	if n < len(d.order) && bytes.Equal(l.fields[d.order[n]].name, name) {
		return d.order[n], true
	}
	i, ok := l.byName[string(name)]
	if ok && n < len(d.order) {
		d.order[n] = i
	}
	return i, ok
}

// undo takes back what the row that failed has appended: the columns that it had, to where they were.
func (d *decoder) undo(b *block) {
	for i := range b.columns {
		if d.seen[i] != d.current {
			continue
		}
		c, f := &b.columns[i], &b.layout.fields[i]
		c.data = c.data[:c.mark]
		if !f.required {
			c.nulls = c.nulls[:b.rows]
		}
	}
}

func fault(f *field, rule datarun.Rule, detail string) *datarun.Fault {
	return &datarun.Fault{Rule: rule, Item: datarun.ItemName(f.name), Detail: detail}
}
