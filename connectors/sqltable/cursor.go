package sqltable

import (
	"bytes"
	"math/big"
	"time"
)

// On the cursor's scale. Times are compared as written, on the clock the column is kept by; what cannot be read as a
// time (infinity) counts as the future.

// clock returns now as the cursor column would have it.
func (p *Plan) clock(now time.Time) time.Time {
	if p.Kind == InstantCursor {
		return now.UTC()
	}
	_, offset := now.In(p.Zone.Location).Zone()
	return now.UTC().Add(time.Duration(offset) * time.Second)
}

// integer reports whether v is on an integer scale: by the column's type, or by the value where columns do not fix it.
func (p *Plan) integer(v Value) bool {
	return p.Kind == IntegerCursor || v.Kind == Int || v.Kind == Float
}

// cap returns top, or now where top is later: one row with a date far ahead must not hide all that come after it.
func (p *Plan) cap(top Value, now time.Time) Value {
	if top.IsNull() || p.integer(top) {
		return top
	}
	clock := p.clock(now)
	n, err := parseNaive(top.Text)
	if err == nil && n.rest == "Z" {
		clock = now.UTC()
	}
	switch {
	case err == nil && !n.at.After(clock):
		return top
	case err != nil:
		n = naive{sep: ' '}
		if p.Kind == DateCursor {
			n.sep = 0
		}
		if p.Kind == InstantCursor {
			n.rest = p.dialect.Offset
		}
	}
	return Value{Kind: Text, Text: n.format(clock)}
}

// before returns v less the window, NULL where that cannot be told: then everything is read.
func (p *Plan) before(v Value) Value {
	if v.IsNull() {
		return Value{}
	}
	if p.integer(v) {
		n, ok := new(big.Int).SetString(v.Text, 10)
		if !ok {
			return Value{}
		}
		n.Sub(n, big.NewInt(p.windowCount(n)))
		if v.Kind == Int && !n.IsInt64() {
			return Value{}
		}
		return Value{Kind: v.Kind, Text: n.String()}
	}
	n, err := parseNaive(v.Text)
	if err != nil {
		return Value{}
	}
	return Value{Kind: Text, Text: n.format(n.at.Add(-p.Options.Window.Time))}
}

// windowCount is the window for an integer cursor. Where a column declared as a time holds integers they are seconds or,
// above 10^11, milliseconds since 1970.
func (p *Plan) windowCount(at *big.Int) int64 {
	if p.Kind == IntegerCursor && p.Options.Window.form != 't' {
		return p.Options.Window.Count
	}
	if at.IsInt64() && at.Int64() > 1e11 {
		return p.Options.Window.Time.Milliseconds()
	}
	return int64(p.Options.Window.Time / time.Second)
}

// less reports whether a comes before b on the cursor's scale; unreadable values come last.
func (p *Plan) less(a, b Value) bool {
	if p.integer(a) && p.integer(b) {
		x, okX := new(big.Int).SetString(a.Text, 10)
		y, okY := new(big.Int).SetString(b.Text, 10)
		return okX && okY && x.Cmp(y) < 0
	}
	x, errX := parseNaive(a.Text)
	y, errY := parseNaive(b.Text)
	return errX == nil && (errY != nil || x.at.Before(y.at))
}

// passed reports whether the window after top was over at now: whatever is committed from then on has a later cursor.
func (p *Plan) passed(top Value, now time.Time) bool {
	if top.IsNull() || p.integer(top) || now.IsZero() {
		return false
	}
	n, err := parseNaive(top.Text)
	clock := p.clock(now)
	if n.rest == "Z" {
		clock = now.UTC()
	}
	width := p.Options.Window.Time
	if n.sep == 0 {
		width += 24 * time.Hour // a date stands for its whole day
	}
	return err == nil && n.at.Add(width).Before(clock)
}

// inWindow is a cheap guess whether a row's cursor is at or above low: wrong guesses cost a repeated record at most.
func (p *Plan) inWindow(cursor []byte, low Value) bool {
	if low.IsNull() {
		return true
	}
	if p.integer(low) {
		if len(cursor) != len(low.Text) && low.Text[0] != '-' {
			return len(cursor) > len(low.Text)
		}
		if low.Text[0] == '-' {
			return true
		}
	}
	return bytes.Compare(cursor, []byte(low.Text)) >= 0
}
