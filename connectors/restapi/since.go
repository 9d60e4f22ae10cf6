package restapi

import (
	"strconv"
	"time"

	"datarun/internal/rowjson"
)

// moment is a value of since_item: a time or a number, with the form it was written in.
type moment struct {
	text   string
	at     time.Time
	layout string
	number int64
}

// layouts are the forms of times that are understood and, less the overlap, sent back in.
var layouts = []string{
	time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05",
	"2006/01/02 15:04:05", "20060102150405", "2006-01-02", "2006/01/02", "20060102",
}

// ahead is how far beyond now a record's time may lie and still move the position. A year typed wrong would otherwise
// hide every later change.
const ahead = 24 * time.Hour

// sinceValue reads a value in the form that since_as says.
func (o *options) sinceValue(text string) (moment, bool) {
	m := moment{text: text}
	if o.SinceAs == "number" {
		var err error
		m.number, err = strconv.ParseInt(text, 10, 64)
		return m, err == nil
	}
	for _, layout := range layouts {
		if at, err := time.Parse(layout, text); err == nil {
			m.at, m.layout = at, layout
			return m, true
		}
	}
	return m, false
}

// later reports whether m comes after other; everything comes after nothing.
func (m *moment) later(other string, o *options) bool {
	before, ok := o.sinceValue(other)
	if !ok {
		return true
	}
	if o.SinceAs == "number" {
		return m.number > before.number
	}
	return m.at.After(before.at)
}

// plausible reports whether the position may move to m.
func (m *moment) plausible(now time.Time) bool { return m.layout == "" || m.at.Before(now.Add(ahead)) }

// overlapped is what to ask for: the value less the overlap, in its own form.
func (o *options) overlapped(value string) string {
	m, ok := o.sinceValue(value)
	switch {
	case !ok:
		return value
	case o.SinceAs == "number" && o.back > 0:
		return strconv.FormatInt(m.number-o.back, 10)
	case o.SinceAs == "time" && o.late > 0:
		return m.at.Add(-o.late).Format(m.layout)
	}
	return value
}

// latest returns the largest value of since_item among a page's records, no less than seen. none tells that no record
// had one that could be read. Only plain positions move on: see ahead.
func (o *options) latest(records [][]byte, seen string, now time.Time) (value string, none bool) {
	value, none = seen, len(records) > 0
	var row rowjson.Row
	for _, record := range records {
		if row.Parse(record) != nil {
			continue
		}
		f, ok := find(&row, o.SinceItem)
		if !ok || (f.Kind != rowjson.String && f.Kind != rowjson.Number) {
			continue
		}
		m, ok := o.sinceValue(string(f.Text(nil)))
		if !ok {
			continue
		}
		none = false
		if m.plausible(now) && m.later(value, o) {
			value = m.text
		}
	}
	return value, none
}
