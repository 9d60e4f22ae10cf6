package postgres

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"

	"datarun"
	"datarun/connectors/sqltable"
)

// decoder is the writer that COPY … TO STDOUT writes into: it turns each line of the text format straight into a record.
// This is the hottest loop of the product. The text format escapes the characters that JSON escapes, and nearly the same
// way, so a text value is mostly copied as it is; fields are cut at tabs, which are never inside one.
type decoder struct {
	plan      *sqltable.Plan
	sink      *sqltable.Sink
	unchecked bool // text may be anything, not only UTF-8
	upsert    []step
	delete    []step
	row       []byte
	cuts      []int  // where each field of row ends; no slices, whose pointers the collector would watch
	part      []byte // of a line, when a message ends inside one: servers send whole lines, but need not
	scratch   []byte
	failed    error
}

// step writes one item.
type step struct {
	prefix []byte // ,"name":
	field  int
	how    how
	padded bool
	shape  *sqltable.Shape
}

type how uint8

const (
	generic how = iota // through the shape, unescaped before
	text
	plain  // verbatim
	quoted // verbatim between quotes
)

func newDecoder(p *sqltable.Plan, sink *sqltable.Sink, unchecked bool) *decoder {
	d := &decoder{plan: p, sink: sink, unchecked: unchecked, cuts: make([]int, len(p.Select))}
	d.upsert, d.delete = steps(p, p.Upsert), steps(p, p.Delete)
	sink.Key, sink.Cursor = d.key, d.cursor
	return d
}

func steps(plan *sqltable.Plan, shapes []sqltable.Shape) []step {
	out := make([]step, len(shapes))
	for i := range shapes {
		s := &shapes[i]
		st := step{prefix: []byte{','}, field: s.Index, padded: plan.Select[s.Index].Padded, shape: s}
		if i == 0 {
			st.prefix = []byte{'{'}
		}
		st.prefix = append(st.prefix, s.Prefix...)
		bare, inQuotes := s.Plain()
		switch {
		case s.IsText():
			st.how = text
		case inQuotes:
			st.how = quoted
		case bare:
			st.how = plain
		}
		out[i] = st
	}
	return out
}

// Write takes one or more lines.
func (d *decoder) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		end := bytes.IndexByte(b, '\n')
		if end < 0 {
			d.part = append(d.part, b...)
			break
		}
		line := b[:end]
		b = b[end+1:]
		if len(d.part) > 0 {
			line = append(d.part, line...)
			d.part = d.part[:0]
		}
		if err := d.line(line); err != nil {
			d.failed = err
			return 0, err
		}
	}
	return n, nil
}

// field returns a field of the row, escaped as it came.
func (d *decoder) field(i int) []byte {
	start := 0
	if i > 0 {
		start = d.cuts[i-1] + 1
	}
	return d.row[start:d.cuts[i]]
}

// cut finds the fields of a line, and reports whether there are as many as there should be.
func (d *decoder) cut(line []byte) bool {
	d.row = line
	at, last := 0, len(d.cuts)-1
	for i := range last {
		n := bytes.IndexByte(line[at:], '\t')
		if n < 0 {
			return false
		}
		d.cuts[i] = at + n
		at += n + 1
	}
	d.cuts[last] = len(line)
	return bytes.IndexByte(line[at:], '\t') < 0
}

func (d *decoder) line(line []byte) error {
	if !d.cut(line) {
		return datarun.Errorf(datarun.Internal, "table "+d.plan.Table.String(), "the server sent a row of another width than was asked for")
	}
	op, steps := datarun.Upsert, d.upsert
	if i := d.plan.Deleted; i >= 0 {
		if raw := d.field(i); !isNull(raw) && d.plan.IsDeleted(d.unescape(raw)) {
			op, steps = datarun.Delete, d.delete
		}
	}
	dst := d.sink.Buffer()
	for i := range steps {
		s := &steps[i]
		raw := d.field(s.field)
		dst = append(dst, s.prefix...)
		if isNull(raw) {
			dst = append(dst, "null"...)
			continue
		}
		if s.padded {
			raw = bytes.TrimRight(raw, " ") // cheaper here than as a cast at the server
		}
		switch s.how {
		case plain:
			dst = append(dst, raw...)
		case quoted:
			dst = append(dst, '"')
			dst = append(dst, raw...)
			dst = append(dst, '"')
		case text:
			if d.unchecked && !utf8.Valid(raw) {
				return d.fault(line, s.shape, datarun.RuleSyntax)
			}
			dst = append(dst, '"')
			dst = appendEscaped(dst, raw)
			dst = append(dst, '"')
		default:
			var rule datarun.Rule
			if dst, rule = s.shape.Append(dst, d.unescape(raw)); rule != "" {
				return d.fault(line, s.shape, rule)
			}
		}
	}
	return d.sink.Add(append(dst, '}'), op)
}

func (d *decoder) fault(line []byte, s *sqltable.Shape, rule datarun.Rule) error {
	detail := "not valid UTF-8"
	if rule == datarun.RuleRange {
		detail = "not a number: NaN or infinite"
	}
	return d.sink.Fault(line, datarun.Fault{Rule: rule, Item: s.Name, Detail: detail})
}

func (d *decoder) key() []sqltable.Value {
	out := make([]sqltable.Value, len(d.sink.Order))
	for n, i := range d.sink.Order {
		if raw := d.field(i); !isNull(raw) {
			out[n] = sqltable.TextValue(d.unescape(raw))
		}
	}
	return out
}

func (d *decoder) cursor() []byte {
	if raw := d.field(d.plan.Cursor); !isNull(raw) {
		return raw
	}
	return nil
}

func isNull(field []byte) bool { return len(field) == 2 && field[0] == '\\' && field[1] == 'N' }

// unescape resolves backslashes. The result lives until the next call.
func (d *decoder) unescape(raw []byte) []byte {
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw
	}
	d.scratch = d.scratch[:0]
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c == '\\' && i+1 < len(raw) {
			i++
			c = unescaped(raw[i])
		}
		d.scratch = append(d.scratch, c)
	}
	return d.scratch
}

// unescaped is the character that a backslash and c stand for.
func unescaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'v':
		return '\v'
	}
	return c
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// appendEscaped appends the inside of a JSON string for an escaped field, eight bytes at a glance as long as there is
// nothing special among them.
func appendEscaped(dst, raw []byte) []byte {
	i := 0
	for ; i+8 <= len(raw); i += 8 {
		x := binary.LittleEndian.Uint64(raw[i:])
		quote := x ^ ones*'"'
		slash := x ^ ones*'\\'
		// The usual tests for a byte below 0x20 and a byte equal to zero. A borrow can make them see too much, never too little.
		if ((x-ones*0x20)&^x|(quote-ones)&^quote|(slash-ones)&^slash)&highs != 0 {
			break
		}
	}
	for i < len(raw) && raw[i] >= 0x20 && raw[i] != '"' && raw[i] != '\\' {
		i++
	}
	dst = append(dst, raw[:i]...)
	for raw = raw[i:]; len(raw) > 0; raw = raw[1:] {
		c := raw[0]
		if c == '\\' && len(raw) > 1 {
			raw = raw[1:]
			c = unescaped(raw[0])
		}
		dst = appendChar(dst, c)
	}
	return dst
}

const hexDigits = "0123456789abcdef"

func appendChar(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	if c < 0x20 {
		return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
	}
	return append(dst, c)
}
