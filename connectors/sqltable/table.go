package sqltable

import (
	"slices"
	"strings"

	"datarun"
)

// Table is what a database says about a table or view.
type Table struct {
	Schema  string
	Name    string
	Comment string
	View    bool   // has no indexes of its own to judge by
	Zone    string // what Discover proposes, where it is known
	Blocks  bool   // a running read keeps writers out: read it in pages
	Columns []Column
	Primary []string
	Unique  [][]string // column sets of unique indexes without conditions, the primary key included
	Indexed []string   // columns that an index begins with
}

// Column is one column of a Table.
type Column struct {
	Name     string
	Type     string // as the database spells it, for findings
	Comment  string
	Nullable bool
	Form     Form
	Item     datarun.ItemType // what Discover proposes
	Length   int
	Scale    int
	Expr     string // what to select in its place; "" for the column itself. %s stands for the quoted name
	Touched  bool   // the database itself renews it when a row changes
	Padded   bool   // with spaces to its length, which mean nothing
	Single   bool   // a float of 32 bits, given in 64
	// Unordered is set where the database sorts the column by another rule than it compares it by.
	Unordered bool
}

// Form is the form in which the driver gives a column's values: it decides, together with the item's type, how they
// become JSON.
type Form uint8

// The forms.
const (
	FormText    Form = iota // characters
	FormInt                 // a JSON integer
	FormDecimal             // an exact decimal
	FormFloat               // a JSON number, or NaN and infinities
	FormBool                // t, true or 1 and f, false or 0
	FormDate                // 2006-01-02
	FormStamp               // 2006-01-02 15:04:05.999999, without a zone
	FormInstant             // the same with an offset, or in UTC without one
	FormJSON                // valid JSON
	FormBytes               // raw bytes
	FormHex                 // bytes as \x and hex digits
	FormBits                // raw bytes of a bit string, big-endian
)

// String returns the table's name as findings and errors show it.
func (t *Table) String() string {
	if t.Schema == "" {
		return t.Name
	}
	return t.Schema + "." + t.Name
}

// column finds a column by its exact name, or with fold by its name in other case.
func (t *Table) column(name string, fold bool) *Column {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return &t.Columns[i]
		}
	}
	if fold {
		for i := range t.Columns {
			if strings.EqualFold(t.Columns[i].Name, name) {
				return &t.Columns[i]
			}
		}
	}
	return nil
}

// unique reports whether some unique index has only columns of names, all NOT NULL.
func (t *Table) unique(names []string) bool {
	for _, set := range t.Unique {
		if len(set) > 0 && !slices.ContainsFunc(set, func(c string) bool {
			col := t.column(c, false)
			return !slices.Contains(names, c) || col == nil || col.Nullable
		}) {
			return true
		}
	}
	return false
}

// CursorKind is the scale of a cursor column.
type CursorKind uint8

// The kinds of cursors.
const (
	NoCursor CursorKind = iota
	IntegerCursor
	DateCursor
	LocalCursor   // a time without a zone: on the clock of the stream's zone
	InstantCursor // a time in UTC
)

// cursorKind tells what a column can serve as.
func cursorKind(c *Column, textTimes bool) CursorKind {
	switch c.Form {
	case FormInt:
		return IntegerCursor
	case FormDecimal:
		if c.Scale == 0 && c.Length > 0 {
			return IntegerCursor
		}
	case FormDate:
		return DateCursor
	case FormStamp:
		return LocalCursor
	case FormInstant:
		return InstantCursor
	case FormText:
		if textTimes {
			return LocalCursor
		}
	}
	return NoCursor
}
