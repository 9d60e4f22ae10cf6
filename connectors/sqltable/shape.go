package sqltable

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"unicode/utf8"

	"datarun"
	"datarun/internal/rowjson"
)

// Shape turns one column's values into one item's JSON values.
type Shape struct {
	Name   datarun.ItemName
	Prefix []byte // "name":
	Index  int    // of the column in the select list
	item   datarun.ItemType
	act    action
	zone   *Zone
	digits int // fraction digits of a second
}

// action is what is done to a value; it follows from the column's form and the item's type, once per read.
type action uint8

const (
	asText     action = iota // a string
	asNumber                 // verbatim
	asQuoted                 // verbatim between quotes: decimals, dates, UUIDs
	asFinite                 // a number unless NaN or infinite
	asBool                   // true or false
	asBoolText               // "true" or "false"
	asBit                    // true or false from an integer 0 or 1
	asStamp                  // RFC 3339 with a zone
	asUTC                    // RFC 3339 from a time that is UTC unless it says otherwise
	asDay                    // the date of a time at midnight
	asUTCDay                 // the same from an instant, on the zone's clock
	asJSON                   // verbatim, on one line
	asBase64
	asHexBase64
	asBitsNumber
	asBitsBool
)

var utc = &Zone{fixed: "Z"}

func newShape(name datarun.ItemName, item datarun.ItemType, form Form, zone *Zone, index int) Shape {
	s := Shape{Name: name, Index: index, item: item, zone: zone, digits: 9}
	s.Prefix = append(rowjson.AppendString(nil, string(name)), ':')
	if item == datarun.DateTime {
		s.digits = 3
	}
	s.act = actionFor(form, item)
	return s
}

func actionFor(form Form, item datarun.ItemType) action {
	text := item == datarun.Char || item == datarun.Memo
	switch form {
	case FormInt:
		if item == datarun.Bool {
			return asBit
		}
		if text || item == datarun.Date || item == datarun.DateTime {
			return asQuoted
		}
		return asNumber
	case FormDecimal:
		return asQuoted
	case FormFloat:
		if text {
			return asQuoted
		}
		return asFinite
	case FormBool:
		if text {
			return asBoolText
		}
		return asBool
	case FormDate:
		if item == datarun.DateTime {
			return asStamp
		}
		return asQuoted
	case FormStamp, FormInstant:
		return timeAction(form, item, text)
	case FormJSON:
		if text {
			return asText
		}
		return asJSON
	case FormBytes:
		return asBase64
	case FormHex:
		return asHexBase64
	case FormBits:
		if item == datarun.Bool {
			return asBitsBool
		}
		return asBitsNumber
	}
	if item == datarun.DateTime {
		return asStamp
	}
	return asText
}

func timeAction(form Form, item datarun.ItemType, text bool) action {
	switch {
	case text || item == datarun.General:
		if form == FormInstant {
			return asUTC
		}
		return asQuoted
	case item == datarun.Date && form == FormInstant:
		return asUTCDay
	case item == datarun.Date:
		return asDay
	case form == FormInstant:
		return asUTC
	}
	return asStamp
}

// As is the same shape for values of another form, for databases whose columns do not fix it.
func (s Shape) As(form Form) Shape {
	s.act = actionFor(form, s.item)
	return s
}

// IsText reports whether values become JSON strings character by character, so that a driver whose text is escaped
// like JSON may copy it itself.
func (s *Shape) IsText() bool { return s.act == asText }

// Plain reports whether values are copied as they are: no value of this column needs unescaping or escaping. quoted
// says whether between quotes.
func (s *Shape) Plain() (plain, quoted bool) {
	return s.act == asNumber || s.act == asQuoted, s.act == asQuoted
}

// Append appends the JSON of a value that is not NULL. The rule is empty, or what the value broke: syntax for text that
// is not UTF-8, range for a number that JSON cannot say; dst is then to be thrown away.
func (s *Shape) Append(dst, raw []byte) ([]byte, datarun.Rule) {
	switch s.act {
	case asNumber:
		return append(dst, raw...), ""
	case asFinite:
		if !finite(raw) {
			return dst, datarun.RuleRange
		}
		return append(dst, raw...), ""
	case asBool, asBit, asBoolText:
		return s.appendBool(dst, raw)
	case asStamp, asUTC, asDay, asUTCDay:
		return s.appendTime(dst, raw)
	case asJSON:
		return appendJSON(dst, raw)
	case asBase64:
		return appendBase64(dst, raw), ""
	case asHexBase64:
		return appendHex(dst, raw)
	case asBitsNumber:
		return strconv.AppendUint(dst, bits(raw), 10), ""
	case asBitsBool:
		return strconv.AppendBool(dst, bits(raw) != 0), ""
	}
	return appendText(dst, raw)
}

func appendText(dst, raw []byte) ([]byte, datarun.Rule) {
	if !utf8.Valid(raw) {
		return dst, datarun.RuleSyntax
	}
	return rowjson.AppendString(dst, raw), ""
}

func finite(raw []byte) bool {
	if len(raw) > 0 && raw[0] == '-' {
		raw = raw[1:]
	}
	return len(raw) > 0 && isDigit(raw[0])
}

func (s *Shape) appendBool(dst, raw []byte) ([]byte, datarun.Rule) {
	var word string
	switch string(raw) {
	case "t", "true", "1":
		word = "true"
	case "f", "false", "0":
		word = "false"
	default:
		return append(dst, raw...), "" // an integer that is no truth value, for the hub to judge
	}
	if s.act == asBoolText {
		return append(append(append(dst, '"'), word...), '"'), ""
	}
	return append(dst, word...), ""
}

func (s *Shape) appendTime(dst, raw []byte) ([]byte, datarun.Rule) {
	zone := s.zone
	if s.act == asUTC || s.act == asUTCDay {
		zone = utc
	}
	switch s.act {
	case asDay:
		if len(raw) >= 19 && midnight(raw[10:]) {
			raw = raw[:10]
		}
		return appendText(dst, raw)
	case asUTCDay:
		if n, err := parseNaive(string(raw)); err == nil {
			local := n.at.In(s.zone.Location)
			if local.Hour() == 0 && local.Minute() == 0 && local.Second() == 0 && local.Nanosecond() == 0 {
				return append(dst, local.Format(`"2006-01-02"`)...), ""
			}
		}
	}
	dst = append(dst, '"')
	out, ok := appendStamp(dst, raw, zone, s.digits)
	if !ok {
		return appendText(dst[:len(dst)-1], raw)
	}
	return append(out, '"'), ""
}

// midnight reports whether clock, " 00:00:00.000", is the start of a day.
func midnight(clock []byte) bool {
	for _, c := range clock[1:] {
		if c != '0' && c != ':' && c != '.' {
			return false
		}
	}
	return true
}

// appendJSON copies JSON and lays it on one line: outside of strings a line break is only white space, and inside it
// cannot be.
func appendJSON(dst, raw []byte) ([]byte, datarun.Rule) {
	if !utf8.Valid(raw) {
		return dst, datarun.RuleSyntax
	}
	start := len(dst)
	dst = append(dst, raw...)
	for i := start; i < len(dst); i++ {
		if c := dst[i]; c == '\n' || c == '\r' || c == '\t' {
			dst[i] = ' '
		}
	}
	return dst, ""
}

func appendBase64(dst, raw []byte) []byte {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, raw)
	return append(dst, '"')
}

func appendHex(dst, raw []byte) ([]byte, datarun.Rule) {
	if len(raw) < 2 || raw[0] != '\\' || raw[1] != 'x' {
		return dst, datarun.RuleSyntax
	}
	b, err := hex.AppendDecode(nil, raw[2:])
	if err != nil {
		return dst, datarun.RuleSyntax
	}
	return appendBase64(dst, b), ""
}

func bits(raw []byte) uint64 {
	var n uint64
	for _, b := range raw {
		n = n<<8 | uint64(b)
	}
	return n
}
