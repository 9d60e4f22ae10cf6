package sqltable

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"datarun"
)

// ValueKind is the kind of a Value.
type ValueKind uint8

// The kinds of values. Int and Float are for databases whose columns do not fix the type of their values.
const (
	Null ValueKind = iota
	Text
	Bytes
	Int
	Float
)

// Value is a key or cursor value inside a position: the text that the database gives for it, or for Bytes the bytes.
type Value struct {
	Kind ValueKind
	Text string
}

// TextValue makes a Text value, or a Bytes value where the text is not UTF-8, since a position is JSON.
func TextValue(b []byte) Value {
	if !utf8.Valid(b) {
		return Value{Kind: Bytes, Text: string(b)}
	}
	return Value{Kind: Text, Text: string(b)}
}

// IsNull reports whether the value is NULL.
func (v Value) IsNull() bool { return v.Kind == Null }

// Any returns the value as a driver argument: nil, string, []byte, int64 or float64.
func (v Value) Any() any {
	switch v.Kind {
	case Text:
		return v.Text
	case Bytes:
		return []byte(v.Text)
	case Int:
		n, _ := strconv.ParseInt(v.Text, 10, 64)
		return n
	case Float:
		f, _ := strconv.ParseFloat(v.Text, 64)
		return f
	}
	return nil
}

type hexValue struct {
	Hex string `json:"hex"`
}

// MarshalJSON writes null, "text", {"hex":"…"}, 12 or 1.5e0.
func (v Value) MarshalJSON() ([]byte, error) {
	switch v.Kind {
	case Text:
		return json.Marshal(v.Text)
	case Bytes:
		return json.Marshal(hexValue{hex.EncodeToString([]byte(v.Text))})
	case Int:
		return []byte(v.Text), nil
	case Float:
		if !strings.ContainsAny(v.Text, ".eE") {
			return []byte(v.Text + "e0"), nil // keeps its kind
		}
		return []byte(v.Text), nil
	}
	return []byte("null"), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (v *Value) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	switch {
	case len(b) == 0 || b[0] == 'n':
		*v = Value{}
	case b[0] == '"':
		v.Kind = Text
		return json.Unmarshal(b, &v.Text)
	case b[0] == '{':
		var h hexValue
		if err := Strict(b, &h); err != nil {
			return err
		}
		raw, err := hex.DecodeString(h.Hex)
		*v = Value{Kind: Bytes, Text: string(raw)}
		return err
	case b[0] == '-' || (b[0] >= '0' && b[0] <= '9'):
		*v = Value{Kind: Int, Text: string(b)}
		if bytes.ContainsAny(b, ".eE") {
			v.Kind = Float
			_, err := strconv.ParseFloat(v.Text, 64)
			return err
		}
		_, err := strconv.ParseInt(v.Text, 10, 64)
		return err
	default:
		return datarun.Errorf(datarun.Invalid, "position", "a value is neither null, string, number nor {\"hex\":…}")
	}
	return nil
}

func equalValues(a, b []Value) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func anyNull(values []Value) bool {
	for _, v := range values {
		if v.IsNull() {
			return true
		}
	}
	return false
}
