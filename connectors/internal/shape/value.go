package shape

import (
	"time"

	"datarun"
	"datarun/internal/rowjson"
)

// AppendText appends a cell's text, which must be valid UTF-8, to dst as the JSON value of an item of type t. An empty
// cell is null for every type but C, M and none; a D and a T are brought into their form when text is one.
func AppendText(dst, text []byte, t datarun.ItemType, zone Zone) []byte {
	switch t {
	case "", datarun.Char, datarun.Memo:
		return AppendQuoted(dst, text)
	case datarun.Date, datarun.DateTime:
		dst = append(dst, '"')
		if shaped, ok := AppendMoment(dst, text, t, zone); ok {
			return append(shaped, '"')
		}
		dst = dst[:len(dst)-1]
	}
	if len(text) == 0 {
		return append(dst, "null"...)
	}
	return AppendQuoted(dst, text)
}

// AppendMoment appends text in the form of t, a Date or a DateTime, when it is one without doubt; ok tells. A DateTime
// needs a time of day; a Date takes one only if it is midnight.
func AppendMoment(dst, text []byte, t datarun.ItemType, zone Zone) (out []byte, ok bool) {
	if t == datarun.Date && len(text) == len("2006-01-02") && text[4] == '-' && text[7] == '-' {
		return append(dst, text...), isPlain(text) // the usual case: nothing to do but to judge, which the hub does
	}
	m, ok := parse(text)
	switch {
	case !ok:
		return dst, false
	case t == datarun.Date && m.midnight():
		return m.appendDate(dst), true
	case t == datarun.DateTime && m.timed:
		return m.appendTime(dst, zone), true
	}
	return dst, false
}

// AppendField appends the member value f as the value of an item of type t. Everything stays as the source wrote it,
// but a D or T in another layout, and a T given as a number of seconds (10 digits) or milliseconds (13 digits) since 1970.
func AppendField(dst []byte, f *rowjson.Field, t datarun.ItemType, zone Zone) []byte {
	moment := t == datarun.Date || t == datarun.DateTime
	switch {
	case f.Kind == rowjson.String:
		dst = append(dst, '"')
		if moment && !f.Escaped {
			if shaped, ok := AppendMoment(dst, f.Value, t, zone); ok {
				return append(shaped, '"')
			}
		}
		return append(append(dst, f.Value...), '"')
	case f.Kind == rowjson.Number && t == datarun.DateTime:
		if at, ok := epoch(f.Value); ok {
			dst = append(dst, '"')
			return append(at.In(zone.Location()).AppendFormat(dst, "2006-01-02T15:04:05.999Z07:00"), '"')
		}
	}
	return append(dst, f.Value...)
}

func epoch(digits []byte) (time.Time, bool) {
	if len(digits) != 10 && len(digits) != 13 {
		return time.Time{}, false
	}
	var n int64
	for _, c := range digits {
		if !isDigit(c) {
			return time.Time{}, false
		}
		n = n*10 + int64(c-'0')
	}
	if len(digits) == 10 {
		return time.Unix(n, 0), true
	}
	return time.UnixMilli(n), true
}
