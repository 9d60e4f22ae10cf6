package datarun

import (
	"errors"
	"fmt"
)

// Kind says what an error means to whoever has to act on it. It travels with the error from birth to the caller,
// across the plugin wire and the HTTP API too. The zero Kind is Internal: an error that nobody classified is a bug.
//
// The numbers are on the wire: append only, never reorder.
type Kind uint8

// The kinds. One table in internal/app maps them to HTTP status and to retry, quarantine or stop.
const (
	Internal    Kind = iota // a bug, or something nobody foresaw
	Invalid                 // the input is wrong and stays wrong: do not retry
	NotFound                // it does not exist, or the caller may not know that it does
	Denied                  // the caller is known and may not
	Conflict                // somebody else changed it first; read again and retry
	Unavailable             // a system is away; retry with back-off
	Corrupt                 // stored bytes do not add up; stop and call a person
)

var kindNames = [...]string{"internal", "invalid", "not_found", "denied", "conflict", "unavailable", "corrupt"}

// String returns the kind's name in lower case, as used in JSON, metrics and logs.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// ParseKind is the inverse of Kind.String; an unknown name is Internal.
func ParseKind(name string) Kind {
	for i, n := range kindNames {
		if n == name {
			return Kind(i)
		}
	}
	return Internal
}

// Error is an error with its Kind. Op is a place ("postgres: snapshot"), Msg names what, where and why, and never
// contains a data value; Err is the cause and may be nil.
type Error struct {
	Kind Kind
	Op   string
	Msg  string
	Err  error
}

// Error renders "op: msg: cause", leaving out what is empty.
func (e *Error) Error() string {
	s := e.Op
	for _, part := range []string{e.Msg, causeText(e.Err)} {
		if part == "" {
			continue
		}
		if s != "" {
			s += ": "
		}
		s += part
	}
	if s == "" {
		return e.Kind.String()
	}
	return s
}

func causeText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error of the given kind. A %w in the format keeps the cause for errors.Is and errors.As.
func Errorf(kind Kind, op, format string, args ...any) *Error {
	wrapped := fmt.Errorf(format, args...)
	return &Error{Kind: kind, Op: op, Msg: "", Err: wrapped}
}

// Wrap puts a place in front of err and keeps its Kind. It returns nil for nil.
func Wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: KindOf(err), Op: op, Err: err}
}

// KindOf returns the kind of the outermost Error in err's chain, or Internal when there is none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}
