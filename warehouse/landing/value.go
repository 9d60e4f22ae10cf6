package landing

import (
	"encoding/binary"
	"math"
	"strconv"
	"unicode/utf8"
	"unsafe"

	"datarun"
	"datarun/internal/rowjson"
)

// value appends one value that is not null. An empty rule means that it did; else the column may hold a part of it,
// which undo takes back.
func (d *decoder) value(c *column, f *field, v *rowjson.Field) (datarun.Rule, string) {
	if f.kind == kindString {
		return d.text(c, f, v)
	}
	if f.kind == kindJSON {
		return json(c, f, v)
	}
	text := v.Value
	switch v.Kind {
	case rowjson.String:
		if v.Escaped {
			d.scratch = v.Text(d.scratch[:0])
			text = d.scratch
		}
		if text = trim(text); len(text) == 0 {
			if f.required {
				return datarun.RuleRequired, "is empty"
			}
			c.appendNull(f)
			return "", ""
		}
	case rowjson.True, rowjson.False:
		if f.kind != kindBool {
			return datarun.RuleType, "want " + f.want()
		}
	case rowjson.Number:
		if f.kind == kindDate || f.kind == kindDateTime {
			return datarun.RuleType, "want " + f.want()
		}
	default:
		return datarun.RuleType, "want " + f.want()
	}
	if !f.required {
		c.nulls = append(c.nulls, 0)
	}
	return c.scalar(f, text)
}

// text appends a string.
func (d *decoder) text(c *column, f *field, v *rowjson.Field) (datarun.Rule, string) {
	text := v.Value
	if v.Kind != rowjson.String {
		return datarun.RuleType, "want " + f.want()
	}
	if v.Escaped {
		d.scratch = v.Text(d.scratch[:0])
		text = d.scratch
	}
	if len(text) == 0 && f.required {
		return datarun.RuleRequired, "is empty"
	}
	if f.length > 0 && len(text) > f.length && utf8.RuneCount(text) > f.length {
		return datarun.RuleLength, "want at most " + strconv.Itoa(f.length) + " characters"
	}
	if !f.required {
		c.nulls = append(c.nulls, 0)
	}
	c.data = appendBytes(c.data, text)
	return "", ""
}

// json appends a value as its JSON text.
func json(c *column, f *field, v *rowjson.Field) (datarun.Rule, string) {
	if len(v.Value) == 0 && f.required {
		return datarun.RuleRequired, "is empty"
	}
	if !f.required {
		c.nulls = append(c.nulls, 0)
	}
	if v.Kind != rowjson.String {
		c.data = appendBytes(c.data, v.Value)
		return "", ""
	}
	c.data = binary.AppendUvarint(c.data, uint64(len(v.Value)+2))
	c.data = append(append(append(c.data, '"'), v.Value...), '"')
	return "", ""
}

// scalar appends a value that is written as text and is not empty.
func (c *column) scalar(f *field, text []byte) (datarun.Rule, string) {
	switch f.kind {
	case kindInt:
		n, ok := parseInt(text)
		if !ok {
			return wrongInt(text)
		}
		c.data = binary.LittleEndian.AppendUint64(c.data, uint64(n))
	case kindFloat:
		n, err := strconv.ParseFloat(unsafe.String(&text[0], len(text)), 64)
		if err != nil || !plain(text) || math.IsInf(n, 0) {
			if err != nil && plain(text) {
				return datarun.RuleRange, "is beyond what 64 bits of floating point hold"
			}
			return datarun.RuleType, "want " + f.want()
		}
		c.data = binary.LittleEndian.AppendUint64(c.data, math.Float64bits(n))
	case kindBool:
		n, ok := parseBool(text)
		if !ok {
			return datarun.RuleType, "want " + f.want()
		}
		c.data = append(c.data, n)
	case kindDate:
		days, rule := parseDate(text)
		if rule != "" {
			return rule, "want " + f.want()
		}
		c.data = binary.LittleEndian.AppendUint32(c.data, uint32(days))
	case kindDateTime:
		ms, rule := parseDateTime(text)
		if rule != "" {
			return rule, "want " + f.want()
		}
		c.data = binary.LittleEndian.AppendUint64(c.data, uint64(ms))
	default:
		return c.decimal(f, text)
	}
	return "", ""
}

// want names what an item takes, for a fault.
func (f *field) want() string {
	switch f.kind {
	case kindInt:
		return "a whole number of 64 bits"
	case kindFloat:
		return "a number"
	case kindBool:
		return "true or false"
	case kindDate:
		return "a date YYYY-MM-DD from 1900-01-01 to 2299-12-31"
	case kindDateTime:
		return "a time YYYY-MM-DDThh:mm:ss with a zone, years 1900 to 2299"
	case kindDec32, kindDec64, kindDec128, kindDec256:
		return "a decimal number of " + strconv.Itoa(f.precision) + " digits, " + strconv.Itoa(f.scale) + " after the point"
	}
	return "a string"
}

// trim cuts spaces around a text: a CSV has them.
func trim(b []byte) []byte {
	for len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	for len(b) > 0 && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	return b
}
