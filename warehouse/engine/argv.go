package engine

import "unsafe"

// argv is a C argument vector in Go memory that stays where it is: NUL-terminated strings, and pointers to them with a
// NULL after the last.
type argv struct {
	strings [][]byte
	vector  []*byte
}

func newArgv(args ...string) *argv {
	a := &argv{}
	for _, s := range args {
		b := append([]byte(s), 0)
		a.strings = append(a.strings, b)
		a.vector = append(a.vector, &b[0])
	}
	a.vector = append(a.vector, nil)
	return a
}

func (a *argv) count() int { return len(a.strings) }

func (a *argv) pointer() uintptr { return uintptr(unsafe.Pointer(&a.vector[0])) }
