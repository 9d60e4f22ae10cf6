package intake

import (
	"errors"
	"io"

	"datarun"
)

// Array reads a JSON array of objects, element by element.
type Array struct {
	w       window
	began   bool
	done    bool
	n       int // elements so far
	scratch []byte
}

// NewArray makes an Array over a body in UTF-8.
func NewArray(r io.Reader) *Array { return &Array{w: newWindow(r)} }

// Next returns the next element. One that is no object, or too large, comes with a Fault.
func (a *Array) Next() (datarun.Record, error) {
	c, err := a.separator()
	if err != nil {
		return datarun.Record{}, err
	}
	raw, long, err := a.element(c)
	if err != nil {
		return datarun.Record{}, err
	}
	a.n++
	var rec datarun.Record
	switch {
	case long:
		rec, a.scratch = faulty(a.scratch, raw, datarun.RuleSize, errSize, "")
	case c != '{':
		rec, a.scratch = faulty(a.scratch, raw, datarun.RuleSyntax, "not a JSON object", "")
	default:
		rec.Data = raw
	}
	return rec, nil
}

// separator reads up to the first byte of the next element and returns it, or io.EOF after the end of the array.
func (a *Array) separator() (byte, error) {
	if a.done {
		return 0, io.EOF
	}
	if !a.began {
		if err := a.w.skipBOM(); err != nil {
			return 0, err
		}
		if c, err := a.peek(); errors.Is(err, io.EOF) || (err == nil && c != '[') {
			return 0, refuse("does not begin with '[': not a JSON array")
		} else if err != nil {
			return 0, err
		}
		a.w.start++
		a.began = true
	}
	c, err := a.peek()
	if err == nil && c == ']' {
		return 0, a.finish()
	}
	if err == nil && a.n > 0 {
		if c != ',' {
			return 0, refuse("element %d is not followed by ',' or ']'", a.n-1)
		}
		a.w.start++
		c, err = a.peek()
	}
	switch {
	case errors.Is(err, io.EOF):
		return 0, refuse("ends after element %d, before the array does", a.n-1)
	case err != nil:
		return 0, err
	case c == ',' || c == ']' || c == '}' || c == ':':
		return 0, refuse("element %d is missing", a.n)
	}
	return c, nil
}

// peek skips white space and returns the byte after it, which stays.
func (a *Array) peek() (byte, error) {
	for {
		for ; a.w.start < a.w.end; a.w.start++ {
			switch c := a.w.buf[a.w.start]; c {
			case ' ', '\t', '\r', '\n':
			default:
				return c, nil
			}
		}
		if err := a.w.more(); err != nil {
			return 0, err
		}
	}
}

// finish reads the rest after ']', where only white space may be.
func (a *Array) finish() error {
	a.w.start++
	if _, err := a.peek(); err == nil {
		return refuse("has something after the array")
	} else if !errors.Is(err, io.EOF) {
		return err
	}
	a.done = true
	return io.EOF
}

// element reads the value whose first byte is at the window's start. Of one over datarun.MaxRecord it returns the
// beginning, and long.
func (a *Array) element(first byte) (raw []byte, long bool, err error) {
	s := scan{compound: first == '{' || first == '['}
	var sample []byte
	for i := 0; ; {
		held := a.w.held()
		if end := s.run(held[i:]); end >= 0 {
			raw = held[:i+end]
			a.w.start += i + end
			break
		}
		i = len(held)
		if i > datarun.MaxRecord { // go on to the element's end, holding its beginning only
			if !long {
				sample, long = append(sample, held[:maxSample+1]...), true
			}
			a.w.start, i = a.w.end, 0
		}
		if err := a.w.more(); errors.Is(err, io.EOF) {
			if !s.compound && !s.inString {
				return nil, false, refuse("ends with element %d, before the array does", a.n)
			}
			return nil, false, refuse("ends inside element %d", a.n)
		} else if err != nil {
			return nil, false, err
		}
	}
	if long {
		return sample, true, nil
	}
	return raw, len(raw) > datarun.MaxRecord, nil
}

// scan finds the end of a JSON value that comes in pieces, by brackets and quotes alone.
type scan struct {
	compound bool // begins with a bracket; else it is a string or a word
	depth    int
	inString bool
	escaped  bool // the last byte was a backslash inside a string
}

// special marks the bytes that end a run of plain ones, outside strings and inside.
var outside, inside = func() (out, in [256]bool) {
	for _, c := range []byte("\"{}[],\t\r\n ") {
		out[c] = true
	}
	in['"'], in['\\'] = true, true
	return out, in
}()

// run goes on over the next piece and returns the index after the value's last byte, or -1 when it is not in there.
func (s *scan) run(b []byte) int {
	for i := 0; i < len(b); i++ {
		if s.inString {
			if s.escaped {
				s.escaped = false
				continue
			}
			for i < len(b) && !inside[b[i]] {
				i++
			}
			if i == len(b) {
				return -1
			}
			if b[i] == '\\' {
				s.escaped = true
				continue
			}
			s.inString = false
			if s.depth == 0 && !s.compound {
				return i + 1
			}
			continue
		}
		for i < len(b) && !outside[b[i]] {
			i++
		}
		if i == len(b) {
			return -1
		}
		switch b[i] {
		case '"':
			s.inString = true
		case '{', '[':
			s.depth++
		case '}', ']':
			if s.depth == 0 {
				return i // ends a word: the bracket is the array's
			}
			if s.depth--; s.depth == 0 {
				return i + 1
			}
		default: // a comma or white space ends a word
			if s.depth == 0 {
				return i
			}
		}
	}
	return -1
}
