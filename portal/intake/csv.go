package intake

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"datarun"
	"datarun/internal/rowjson"
)

// CSV reads comma-separated rows (RFC 4180) under a header of item names.
//
// An empty field without quotes is an absent item. An empty field with quotes is an empty string where the item holds
// text (C, M), and absent elsewhere: many programs quote everything.
type CSV struct {
	w       window
	gbk     bool
	items   []datarun.Item
	must    []datarun.ItemName // columns there must be
	columns []column           // nil before the header was read
	row     int                // of the row last read, the header being 1
	fields  []field
	scratch []byte
}

type column struct {
	member []byte // `"name":`
	text   bool
}

type field struct {
	text   []byte // unquoted
	quoted bool
}

// NewCSV makes a CSV over a body in the given charset: "" or "utf-8", "gbk", "gb2312" or "gb18030", in any case. The
// columns are among items, and those of must are there.
func NewCSV(r io.Reader, charset string, items []datarun.Item, must []datarun.ItemName) (*CSV, error) {
	c := &CSV{items: items, must: must}
	switch strings.ToLower(charset) {
	case "", "utf-8", "utf8":
	case "gbk", "gb2312", "gb18030":
		c.gbk = true
		r = simplifiedchinese.GB18030.NewDecoder().Reader(r)
	default:
		return nil, datarun.Errorf(datarun.Invalid, "body", "charset is none of utf-8, gbk, gb2312, gb18030")
	}
	c.w = newWindow(r)
	return c, nil
}

// Next returns the record of the next row. A row with too few or too many fields, in another encoding, or too long comes
// with a Fault.
func (c *CSV) Next() (datarun.Record, error) {
	if c.columns == nil {
		if err := c.header(); err != nil {
			return datarun.Record{}, err
		}
	}
	for {
		raw, long, err := c.readRow()
		if err != nil {
			return datarun.Record{}, err
		}
		if long {
			return c.fault(raw, datarun.RuleSize, errSize), nil
		}
		if len(raw) == 0 {
			continue
		}
		if !c.readable(raw) {
			return c.fault(raw, datarun.RuleSyntax, "not in the charset of the body"), nil
		}
		if err := c.split(raw); err != nil {
			return datarun.Record{}, err
		}
		if len(c.fields) != len(c.columns) {
			detail := fmt.Sprintf("%d fields, the header has %d", len(c.fields), len(c.columns))
			return c.fault(raw, datarun.RuleSyntax, detail), nil
		}
		data := c.object()
		if len(data) > datarun.MaxRecord {
			return c.fault(raw, datarun.RuleSize, errSize), nil
		}
		return datarun.Record{Data: data}, nil
	}
}

func (c *CSV) fault(raw []byte, rule datarun.Rule, detail string) datarun.Record {
	var rec datarun.Record
	rec, c.scratch = faulty(c.scratch, raw, rule, detail, fmt.Sprintf("row %d", c.row))
	return rec
}

// readable reports whether the row is what the charset says. The GB 18030 decoder puts U+FFFD where it is not.
func (c *CSV) readable(raw []byte) bool {
	if c.gbk {
		return !bytes.ContainsRune(raw, utf8.RuneError)
	}
	return utf8.Valid(raw)
}

// header reads the first row and holds it against the entry.
func (c *CSV) header() error {
	if err := c.w.skipBOM(); err != nil {
		return err
	}
	raw, long, err := c.readRow()
	if errors.Is(err, io.EOF) || (err == nil && (long || len(raw) == 0)) {
		return refuse("has no header row of item names")
	}
	if err != nil {
		return err
	}
	if !c.readable(raw) {
		return refuse("the header is not in the charset of the body")
	}
	if err := c.split(raw); err != nil {
		return err
	}
	var names []datarun.ItemName
	for i, f := range c.fields {
		name := datarun.ItemName(strings.TrimSpace(string(f.text)))
		at := slices.IndexFunc(c.items, func(it datarun.Item) bool { return it.Name == name })
		if at < 0 {
			return refuse("column %d of the header is not an item of the resource", i+1)
		}
		if slices.Contains(names, name) {
			return refuse("the header has item %s twice", name)
		}
		names = append(names, name)
		c.columns = append(c.columns, column{rowjson.AppendName(nil, string(name)), c.items[at].Type == datarun.Char || c.items[at].Type == datarun.Memo})
	}
	for i := range c.columns { // AppendName puts a comma before what does not follow a brace
		c.columns[i].member = bytes.TrimPrefix(c.columns[i].member, []byte(","))
	}
	for _, name := range c.must { // else every row would be at fault
		if !slices.Contains(names, name) {
			return refuse("the header lacks item %s, which is required", name)
		}
	}
	return nil
}

// readRow returns the next row without its line end: up to the first '\n' before which the quotes are even. Of a row
// over datarun.MaxRecord it returns the beginning, and long, unless a quote is open: then nobody knows where it ends.
func (c *CSV) readRow() (raw []byte, long bool, err error) {
	c.row++
	for i, quotes := 0, 0; ; {
		held := c.w.held()
		for n := bytes.IndexByte(held[i:], '\n'); n >= 0; n = bytes.IndexByte(held[i:], '\n') {
			if quotes += bytes.Count(held[i:i+n], quote); quotes%2 == 0 {
				c.w.start += i + n + 1
				return bytes.TrimSuffix(held[:i+n], []byte{'\r'}), false, nil
			}
			i += n + 1
		}
		quotes += bytes.Count(held[i:], quote)
		i = len(held)
		if i > datarun.MaxRecord+2 {
			if quotes%2 == 1 {
				return nil, false, refuse("row %d opens a quote that is not closed within %d bytes; nothing was taken", c.row, datarun.MaxRecord)
			}
			return c.longRow()
		}
		if err := c.w.more(); errors.Is(err, io.EOF) {
			if raw = c.w.held(); len(raw) == 0 {
				return nil, false, io.EOF
			}
			if quotes%2 == 1 {
				return nil, false, refuse("row %d opens a quote that is never closed; nothing was taken", c.row)
			}
			c.w.start = c.w.end
			return bytes.TrimSuffix(raw, []byte{'\r'}), false, nil
		} else if err != nil {
			return nil, false, err
		}
	}
}

var quote = []byte{'"'}

// longRow passes over the rest of a row that is too long. A quote in the rest is refused: it could hide a line end.
func (c *CSV) longRow() (sample []byte, long bool, err error) {
	sample = append(sample, c.w.held()[:maxSample+1]...)
	for {
		c.w.start = c.w.end
		if err := c.w.more(); errors.Is(err, io.EOF) {
			return sample, true, nil
		} else if err != nil {
			return nil, false, err
		}
		held := c.w.held()
		n := bytes.IndexByte(held, '\n')
		rest := held
		if n >= 0 {
			rest = held[:n]
		}
		if bytes.IndexByte(rest, '"') >= 0 {
			return nil, false, refuse("row %d is over %d bytes and has quotes; nothing was taken", c.row, datarun.MaxRecord)
		}
		if n >= 0 {
			c.w.start += n + 1
			return sample, true, nil
		}
	}
}

// split divides a row into c.fields. It unquotes in place.
func (c *CSV) split(raw []byte) error {
	c.fields = c.fields[:0]
	for {
		if len(raw) == 0 || raw[0] != '"' {
			end := bytes.IndexByte(raw, ',')
			text := raw
			if end >= 0 {
				text = raw[:end]
			}
			if bytes.IndexByte(text, '"') >= 0 {
				return refuse("row %d: field %d has a quote inside but none around it; nothing was taken", c.row, len(c.fields)+1)
			}
			c.fields = append(c.fields, field{text: text})
			if end < 0 {
				return nil
			}
			raw = raw[end+1:]
			continue
		}
		text, rest, ok := unquote(raw[1:])
		if !ok || (len(rest) > 0 && rest[0] != ',') {
			return refuse("row %d: field %d goes on after its closing quote; nothing was taken", c.row, len(c.fields)+1)
		}
		c.fields = append(c.fields, field{text: text, quoted: true})
		if len(rest) == 0 {
			return nil
		}
		raw = rest[1:]
	}
}

// unquote returns the content of a quoted field that begins at b, after the quote, and what follows its closing quote.
func unquote(b []byte) (text, rest []byte, ok bool) {
	n := bytes.IndexByte(b, '"')
	if n < 0 {
		return nil, nil, false
	}
	if n+1 >= len(b) || b[n+1] != '"' {
		return b[:n], b[n+1:], true
	}
	out := append([]byte(nil), b[:n]...)
	for {
		b = b[n:]
		switch {
		case len(b) > 1 && b[1] == '"':
			out = append(out, '"')
			b = b[2:]
		default:
			return out, b[1:], true
		}
		if n = bytes.IndexByte(b, '"'); n < 0 {
			return nil, nil, false
		}
		out = append(out, b[:n]...)
	}
}

// object writes the fields as a JSON object into the scratch space.
func (c *CSV) object() []byte {
	b := c.scratch[:0]
	b = append(b, '{')
	for i := range c.fields {
		f := &c.fields[i]
		if len(f.text) == 0 && !(f.quoted && c.columns[i].text) {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(b, c.columns[i].member...)
		b = rowjson.AppendString(b, f.text)
	}
	b = append(b, '}')
	c.scratch = b
	return b
}
