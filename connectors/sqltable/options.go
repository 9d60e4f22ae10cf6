package sqltable

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"time"

	"datarun"
)

// Options are the settings of one stream, the JSON object in connectors.Stream.Options with these keys and no others.
type Options struct {
	// Key names the columns that the table is read in the order of. Default: the primary key; a table or view without
	// one is read by the columns of Stream.Key.
	Key []string `json:"key"`
	// Columns maps an item to its column. An item that is not listed is the column of the same name.
	Columns map[string]string `json:"columns"`
	// Cursor names the column that grows whenever a row changes: a timestamp, a date or an integer. Empty: snapshots only.
	Cursor string `json:"cursor"`
	// Window is how far behind the cursor each poll looks, for rows that were committed late. Default: 10 s, or 1,000
	// for an integer cursor.
	Window Window `json:"window"`
	// Deleted names the column that marks a row as deleted: true, not zero, or for a time not null.
	Deleted string `json:"deleted"`
	// Zone is the time zone of times stored without one: an IANA name or an offset such as +08:00. Default: Asia/Shanghai.
	Zone string `json:"zone"`
	// FullEvery is the time between the starts of two full snapshots. Default: 24 h without a cursor, never with one.
	FullEvery Duration `json:"full_every"`
}

// The defaults of Options.
const (
	DefaultWindow    = 10 * time.Second
	DefaultCount     = 1000
	DefaultZone      = "Asia/Shanghai"
	DefaultFullEvery = 24 * time.Hour
)

// Window is a distance on the cursor's scale: a JSON string with a duration for times, a JSON number for integers. The
// zero Window stands for the default.
type Window struct {
	Time  time.Duration
	Count int64
	form  byte // 0 not set, 't' time, 'n' count
}

// UnmarshalJSON reads "10s" or 1000.
func (w *Window) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		var d Duration
		if err := d.UnmarshalJSON(b); err != nil {
			return err
		}
		*w = Window{Time: time.Duration(d), form: 't'}
		return nil
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil || n < 0 {
		return datarun.Errorf(datarun.Invalid, "window", `want a duration such as "10s" for a time cursor, or a count such as 1000 for an integer cursor`)
	}
	*w = Window{Count: n, form: 'n'}
	return nil
}

// Duration is a time.Duration in JSON as Go writes it: "24h", "10s". It is never negative.
type Duration time.Duration

// UnmarshalJSON reads a JSON string with a duration.
func (d *Duration) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return datarun.Errorf(datarun.Invalid, "duration", `want a string such as "10s" or "24h"`)
	}
	v, err := time.ParseDuration(s)
	if err != nil || v < 0 {
		return datarun.Errorf(datarun.Invalid, "duration", `want a string such as "10s" or "24h"`)
	}
	*d = Duration(v)
	return nil
}

// ParseOptions reads a stream's options strictly: an unknown key is an Invalid error that names it. nil gives the defaults.
func ParseOptions(raw json.RawMessage) (Options, error) {
	var o Options
	if err := Strict(raw, &o); err != nil {
		return o, datarun.Errorf(datarun.Invalid, "options", "%v", err)
	}
	if o.Zone == "" {
		o.Zone = DefaultZone
	}
	if o.FullEvery > 0 && time.Duration(o.FullEvery) < time.Minute {
		return o, datarun.Errorf(datarun.Invalid, "options", "full_every: less than a minute")
	}
	return o, nil
}

// Strict reads raw, a JSON object, into v and refuses unknown keys and anything after the object. Empty leaves v as it is.
func Strict(raw json.RawMessage, v any) error {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return datarun.Errorf(datarun.Invalid, "", "more than one JSON value")
	}
	return nil
}
