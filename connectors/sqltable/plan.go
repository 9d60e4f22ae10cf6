package sqltable

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"datarun"
	"datarun/connectors"
)

// Plan is how a stream reads its table: settled once per Read from the options and what the table is at that time.
type Plan struct {
	Stream  connectors.Stream
	Table   *Table
	Options Options
	Zone    *Zone
	Select  []*Column // what is selected, in order
	Upsert  []Shape   // the items of a record
	Delete  []Shape   // the items of a deleted record: the key
	Key     []int     // the key columns in Select
	Cursor  int       // the cursor column in Select, -1 for none
	Deleted int       // the soft-delete column in Select, -1 for none
	Kind    CursorKind
	Unique  bool // the key is known to be unique

	dialect *Dialect
}

// NewPlan puts a stream and its table together. What does not fit is an Invalid error that names table and column.
func NewPlan(stream connectors.Stream, table *Table, d *Dialect) (*Plan, error) {
	o, err := ParseOptions(stream.Options)
	if err != nil {
		return nil, datarun.Wrap(stream.Object, err)
	}
	zone, err := ParseZone(o.Zone)
	if err != nil {
		return nil, datarun.Wrap(stream.Object, err)
	}
	p := &Plan{Stream: stream, Table: table, Options: o, Zone: zone, Cursor: -1, Deleted: -1, dialect: d}
	b := planner{Plan: p}
	b.items()
	b.key()
	b.cursor()
	if o.Deleted != "" {
		p.Deleted = b.add(o.Deleted)
	}
	if len(b.missing) > 0 {
		return nil, datarun.Errorf(datarun.Invalid, "table "+table.String(), "no column %s", strings.Join(b.missing, ", "))
	}
	if b.problem != "" {
		return nil, datarun.Errorf(datarun.Invalid, "table "+table.String(), "%s", b.problem)
	}
	return p, nil
}

// planner gathers what is wrong while it fills a Plan, so that one error names every missing column.
type planner struct {
	*Plan
	missing []string
	problem string
}

// add selects a column and returns its index, or notes that it is missing and returns -1.
func (b *planner) add(name string) int {
	c := b.Table.column(name, b.dialect.Fold)
	if c == nil {
		if quoted := fmt.Sprintf("%q", name); !slices.Contains(b.missing, quoted) {
			b.missing = append(b.missing, quoted)
		}
		return -1
	}
	if i := slices.Index(b.Select, c); i >= 0 {
		return i
	}
	b.Select = append(b.Select, c)
	return len(b.Select) - 1
}

func (b *planner) fail(format string, args ...any) {
	if b.problem == "" {
		b.problem = fmt.Sprintf(format, args...)
	}
}

// columnOf maps an item to its column's name.
func (b *planner) columnOf(item string) string {
	if c, ok := b.Options.Columns[item]; ok {
		return c
	}
	return item
}

func (b *planner) items() {
	used := map[string]bool{}
	for _, item := range b.Stream.Items {
		used[string(item.Name)] = true
		if i := b.add(b.columnOf(string(item.Name))); i >= 0 {
			b.shape(item.Name, item.Type, i)
		}
	}
	if len(b.Stream.Items) > 0 {
		for item := range b.Options.Columns {
			if !used[item] {
				b.fail("options: columns: the entry has no item %q", item)
			}
		}
		return
	}
	renamed := map[string]string{}
	for item, column := range b.Options.Columns {
		renamed[column] = item
	}
	for i := range b.Table.Columns {
		c := &b.Table.Columns[i]
		name := c.Name
		if item, ok := renamed[c.Name]; ok {
			name = item
		}
		b.shape(datarun.ItemName(name), "", b.add(c.Name))
	}
	for _, column := range b.Options.Columns {
		b.add(column) // names it when it is missing
	}
}

func (b *planner) shape(name datarun.ItemName, item datarun.ItemType, i int) {
	s := newShape(name, item, b.Select[i].Form, b.Zone, i)
	b.Upsert = append(b.Upsert, s)
	if slices.Contains(b.Stream.Key, name) || len(b.Stream.Key) == 0 {
		b.Delete = append(b.Delete, s)
	}
}

// key settles the reading order: the option, else the primary key, else the entry's key.
func (b *planner) key() {
	names := b.Options.Key
	if len(names) == 0 {
		names = b.Table.Primary
	}
	if len(names) == 0 {
		for _, item := range b.Stream.Key {
			names = append(names, b.columnOf(string(item)))
		}
	}
	if len(names) == 0 {
		b.fail("no key: it has no primary key and neither the entry nor the option key names columns to read it by")
	}
	for _, name := range names {
		i := b.add(name)
		if i < 0 {
			continue
		}
		if c := b.Select[i]; c.Form == FormJSON || c.Unordered {
			b.fail("column %q of type %s cannot be read in order: choose other columns with the option key", c.Name, c.Type)
		}
		b.Key = append(b.Key, i)
	}
	b.Unique = b.Table.unique(b.keyNames())
}

func (b *planner) cursor() {
	w := b.Options.Window
	if b.Options.Cursor == "" {
		if w.form != 0 {
			b.fail("options: window: there is no cursor")
		}
		return
	}
	i := b.add(b.Options.Cursor)
	if i < 0 {
		return
	}
	b.Cursor = i
	c := b.Select[i]
	b.Kind = cursorKind(c, b.dialect.TextTimes)
	switch {
	case b.Kind == NoCursor:
		b.fail("cursor column %q is of type %s: want a timestamp, a date or an integer", c.Name, c.Type)
	case b.Kind == IntegerCursor && w.form == 't' && !b.dialect.TextTimes:
		b.fail("options: window: cursor column %q is an integer: want a count such as 1000", c.Name)
	case b.Kind != IntegerCursor && w.form == 'n':
		b.fail(`options: window: cursor column %q is a time: want a duration such as "10s"`, c.Name)
	}
	if w.form == 0 {
		b.Options.Window = Window{Time: DefaultWindow, Count: DefaultCount}
	}
}

func (p *Plan) keyNames() []string {
	names := make([]string, 0, len(p.Key))
	for _, i := range p.Key {
		names = append(names, p.Select[i].Name)
	}
	return names
}

func (p *Plan) cursorName() string {
	if p.Cursor < 0 {
		return ""
	}
	return p.Select[p.Cursor].Name
}

// fullEvery is the time between two snapshots, 0 for never again.
func (p *Plan) fullEvery() time.Duration {
	if p.Options.FullEvery == 0 && p.Cursor < 0 {
		return DefaultFullEvery
	}
	return time.Duration(p.Options.FullEvery)
}

// IsDeleted reports what the soft-delete column's value means; raw is nil for NULL.
func (p *Plan) IsDeleted(raw []byte) bool {
	if raw == nil {
		return false
	}
	switch p.Select[p.Deleted].Form {
	case FormDate, FormStamp, FormInstant:
		return !strings.HasPrefix(string(raw), "0000-00-00")
	case FormBits, FormBytes:
		return bits(raw) != 0
	}
	switch strings.ToLower(strings.TrimSpace(string(raw))) {
	case "", "0", "f", "false", "n", "no", "否":
		return false
	}
	return true
}
