package rowjson

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Kind is the JSON kind of a value.
type Kind uint8

// The kinds.
const (
	Null Kind = iota
	String
	Number
	True
	False
	Object
	Array
)

// Field is one member of a row.
type Field struct {
	Name []byte // unescaped; valid until the next Parse
	// Value is the value's bytes: a String without its quotes and still escaped when Escaped; anything else verbatim.
	Value   []byte
	Kind    Kind
	Escaped bool // a String with at least one backslash
}

// Row is a parsed object. The zero value is ready; reuse it to avoid allocation.
type Row struct {
	Fields []Field

	// expect are the beginnings of the members of earlier rows, `"name":`: rows of one stream look alike, so comparing
	// is enough for most names.
	expect [][]byte
}

// maxDepth bounds nesting of values inside a row, against input made to exhaust the stack.
const maxDepth = 64

var (
	errTruncated = errors.New("ends too early")
	errTrailing  = errors.New("bytes after the object")
	errDepth     = fmt.Errorf("nested deeper than %d", maxDepth)
)

// Parse reads data, one JSON object, into r, replacing what it held. Fields alias data. The error names the byte offset
// and never the content.
func (r *Row) Parse(data []byte) error {
	r.Fields = r.Fields[:0]
	i := skipSpace(data, 0)
	if i >= len(data) || data[i] != '{' {
		return fmt.Errorf("byte %d: not a JSON object", i)
	}
	end, err := r.members(data, i+1)
	if err != nil {
		return fmt.Errorf("byte %d: %w", end, err)
	}
	if end = skipSpace(data, end); end != len(data) {
		return fmt.Errorf("byte %d: %w", end, errTrailing)
	}
	return nil
}

// members reads from after '{' to after '}' and returns the index there, or where it failed.
func (r *Row) members(data []byte, i int) (int, error) {
	i = skipSpace(data, i)
	if i < len(data) && data[i] == '}' {
		return i + 1, nil
	}
	for {
		var f Field
		i = skipSpace(data, i)
		var err error
		if f.Name, i, err = r.name(data, i); err != nil {
			return i, err
		}
		if i, err = scanValue(data, i, &f, 0); err != nil {
			return i, err
		}
		r.Fields = append(r.Fields, f)
		i = skipSpace(data, i)
		if i >= len(data) {
			return i, errTruncated
		}
		switch data[i] {
		case ',':
			i++
		case '}':
			return i + 1, nil
		default:
			return i, errors.New("want ',' or '}'")
		}
	}
}

// name reads a member's name and its colon at i, and returns where the value begins.
func (r *Row) name(data []byte, i int) ([]byte, int, error) {
	n := len(r.Fields)
	if n < len(r.expect) {
		if e := r.expect[n]; bytes.HasPrefix(data[i:], e) {
			return e[1 : len(e)-2], skipSpace(data, i+len(e)), nil
		}
	}
	if i >= len(data) {
		return nil, i, errTruncated
	}
	if data[i] != '"' {
		return nil, i, errors.New("want a member name")
	}
	end, escaped, err := scanString(data, i+1)
	if err != nil {
		return nil, end, err
	}
	name, after := data[i+1:end], skipSpace(data, end+1)
	if after >= len(data) {
		return nil, after, errTruncated
	}
	if data[after] != ':' {
		return nil, after, errors.New("want ':'")
	}
	switch {
	case escaped:
		name = Unescape(nil, name)
	case after != end+1 || n >= maxExpect:
	case n < len(r.expect):
		r.expect[n] = append(r.expect[n][:0], data[i:after+1]...)
	case n == len(r.expect):
		r.expect = append(r.expect, bytes.Clone(data[i:after+1]))
	}
	return name, skipSpace(data, after+1), nil
}

// maxExpect bounds what a Row remembers of names; wider rows are read all the same.
const maxExpect = 1024

func skipSpace(data []byte, i int) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\n' || data[i] == '\t' || data[i] == '\r') {
		i++
	}
	return i
}

// scanValue reads the value at i into f and returns the index after it.
func scanValue(data []byte, i int, f *Field, depth int) (int, error) {
	if i >= len(data) {
		return i, errTruncated
	}
	start := i
	var err error
	switch c := data[i]; {
	case c == '"':
		end, escaped, err := scanString(data, i+1)
		if err != nil {
			return end, err
		}
		f.Kind, f.Value, f.Escaped = String, data[i+1:end], escaped
		return end + 1, nil
	case c == '-' || (c >= '0' && c <= '9'):
		f.Kind = Number
		i, err = scanNumber(data, i)
	case c == 't':
		f.Kind = True
		i, err = scanWord(data, i, "true")
	case c == 'f':
		f.Kind = False
		i, err = scanWord(data, i, "false")
	case c == 'n':
		f.Kind = Null
		i, err = scanWord(data, i, "null")
	case c == '{' || c == '[':
		f.Kind = Object
		if c == '[' {
			f.Kind = Array
		}
		i, err = scanNested(data, i, depth+1)
	default:
		return i, errors.New("want a value")
	}
	if err != nil {
		return i, err
	}
	f.Value = data[start:i]
	return i, nil
}

func scanWord(data []byte, i int, word string) (int, error) {
	if len(data)-i < len(word) || string(data[i:i+len(word)]) != word {
		return i, errors.New("want " + word)
	}
	return i + len(word), nil
}

func scanNumber(data []byte, i int) (int, error) {
	if data[i] == '-' {
		i++
	}
	n := digits(data, i)
	if n == i || (data[i] == '0' && n > i+1) {
		return i, errors.New("not a number")
	}
	i = n
	if i < len(data) && data[i] == '.' {
		if n = digits(data, i+1); n == i+1 {
			return i, errors.New("not a number")
		}
		i = n
	}
	if i < len(data) && (data[i] == 'e' || data[i] == 'E') {
		i++
		if i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		if n = digits(data, i); n == i {
			return i, errors.New("not a number")
		}
		i = n
	}
	return i, nil
}

func digits(data []byte, i int) int {
	for i < len(data) && data[i] >= '0' && data[i] <= '9' {
		i++
	}
	return i
}

// special are the bytes that end the plain run of a string: the quote, the backslash and control characters.
var special = func() (t [256]bool) {
	for c := range 0x20 {
		t[c] = true
	}
	t['"'], t['\\'] = true, true
	return t
}()

// scanString reads from after the opening quote and returns the index of the closing one.
func scanString(data []byte, i int) (end int, escaped bool, err error) {
	start, seen := i, byte(0)
	for i < len(data) {
		c := data[i]
		if !special[c] {
			seen |= c
			i++
			continue
		}
		switch c {
		case '"':
			if seen >= utf8.RuneSelf && !utf8.Valid(data[start:i]) {
				return start, escaped, errors.New("not UTF-8")
			}
			return i, escaped, nil
		case '\\':
			escaped = true
			n := escapeLen(data[i:])
			if n == 0 {
				return i, escaped, errors.New("bad escape")
			}
			i += n
		default:
			return i, escaped, errors.New("control character in a string")
		}
	}
	return i, escaped, errTruncated
}

// escapeLen returns the length of the escape that b begins with, 0 when it is none.
func escapeLen(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(b) < 6 {
			return 0
		}
		for _, c := range b[2:6] {
			if hexValue(c) < 0 {
				return 0
			}
		}
		return 6
	}
	return 0
}

// scanNested checks the object or array at i and returns the index after it.
func scanNested(data []byte, i, depth int) (int, error) {
	if depth > maxDepth {
		return i, errDepth
	}
	object := data[i] == '{'
	closing := byte(']')
	if object {
		closing = '}'
	}
	i = skipSpace(data, i+1)
	if i < len(data) && data[i] == closing {
		return i + 1, nil
	}
	for {
		var f Field
		var err error
		i = skipSpace(data, i)
		if object {
			if i >= len(data) || data[i] != '"' {
				return i, errors.New("want a member name")
			}
			if i, _, err = scanString(data, i+1); err != nil {
				return i, err
			}
			if i = skipSpace(data, i+1); i >= len(data) || data[i] != ':' {
				return i, errors.New("want ':'")
			}
			i = skipSpace(data, i+1)
		}
		if i, err = scanValue(data, i, &f, depth); err != nil {
			return i, err
		}
		if i = skipSpace(data, i); i >= len(data) {
			return i, errTruncated
		}
		switch data[i] {
		case ',':
			i++
		case closing:
			return i + 1, nil
		default:
			return i, errors.New("want ',' or a closing bracket")
		}
	}
}
