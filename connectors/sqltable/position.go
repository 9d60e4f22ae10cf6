package sqltable

import (
	"encoding/json"
	"slices"
	"time"

	"datarun"
)

// phase is where a stream stands.
type phase string

const (
	snapshot phase = "snapshot" // reading the whole table in key order
	changes  phase = "changes"  // reading by cursor; without a cursor: waiting for the next snapshot
)

// position is what a datarun.Position of an SQL stream holds, as JSON.
//
// Top is the cursor's high-water mark when the running pass over the table began, Mark that of the pass before: a row
// that the running pass cannot see has a cursor above Top less the window, so the next pass looks from there.
type position struct {
	Phase  phase     `json:"phase"`
	Key    []string  `json:"key"`              // the key columns that After is in terms of
	Cursor string    `json:"cursor,omitempty"` // the cursor column that Mark, Top and After are in terms of
	Items  []string  `json:"items,omitempty"`  // the items with their columns, "item=column", sorted
	Mark   Value     `json:"mark"`
	Top    Value     `json:"top"`
	After  []Value   `json:"after,omitempty"`  // the last row emitted: its key, or its cursor and key; empty between passes
	Closed bool      `json:"closed,omitempty"` // nothing at or below Mark can come any more: look strictly above it
	Full   time.Time `json:"full,omitzero"`    // when the last full snapshot began, by this machine's clock
	Tag    string    `json:"tag,omitempty"`    // unique per emitted position: tells the window whether its hashes hold
}

// parsePosition reads a position that a plan's stream emitted. An empty one, and one in terms of other columns than the
// plan's (the options were changed), is the beginning; so is one from before the entry got an item, since rows that do not
// change would otherwise be without it for ever.
func parsePosition(raw datarun.Position, p *Plan) (position, error) {
	begin := position{Phase: snapshot, Key: p.keyNames(), Cursor: p.cursorName(), Items: p.itemColumns()}
	if len(raw) == 0 {
		return begin, nil
	}
	var pos position
	if err := Strict(json.RawMessage(raw), &pos); err != nil {
		return begin, datarun.Errorf(datarun.Invalid, "position", "not one of this connector: %v", err)
	}
	if pos.Phase != snapshot && pos.Phase != changes {
		return begin, datarun.Errorf(datarun.Invalid, "position", "phase is neither snapshot nor changes")
	}
	if !slices.Equal(pos.Key, begin.Key) || pos.Cursor != begin.Cursor {
		return begin, nil
	}
	if pos.Items != nil && slices.ContainsFunc(begin.Items, func(item string) bool { return !slices.Contains(pos.Items, item) }) {
		return begin, nil
	}
	pos.Items = begin.Items
	want := len(pos.Key)
	if pos.Phase == changes {
		want++
	}
	if len(pos.After) != 0 && len(pos.After) != want {
		return begin, datarun.Errorf(datarun.Invalid, "position", "after has %d values, want %d", len(pos.After), want)
	}
	return pos, nil
}

// itemColumns are the items of the plan's records with their columns, as a position has them. Without an entry nobody
// waits for a particular item.
func (p *Plan) itemColumns() []string {
	out := make([]string, 0, len(p.Stream.Items))
	for i := range p.Stream.Items {
		name := p.Stream.Items[i].Name
		column := p.Options.Columns[string(name)]
		if column == "" {
			column = string(name)
		}
		out = append(out, string(name)+"="+column)
	}
	slices.Sort(out)
	return out
}

func (p position) encode() datarun.Position {
	b, err := json.Marshal(p)
	if err != nil {
		panic(err) // strings, numbers and times only
	}
	return b
}
