package conntest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"datarun"
)

// table is the rows of a stream, by key, each as its canonical text.
type table map[string]string

// canon reads a row and returns its key and its text: items in order of name, values as text, nulls left out.
func canon(data []byte, key []datarun.ItemName) (id, text string, err error) {
	var row map[string]any
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(&row); err != nil {
		return "", "", fmt.Errorf("not a JSON object: %w", err)
	}
	if row == nil || dec.More() {
		return "", "", fmt.Errorf("not one JSON object")
	}
	values := map[string]string{}
	for name, v := range row {
		switch v := v.(type) {
		case nil:
		case string:
			values[name] = v
		case map[string]any, []any:
			b, _ := json.Marshal(v)
			values[name] = string(b)
		default:
			values[name] = fmt.Sprint(v)
		}
	}
	for _, name := range key {
		v, ok := values[string(name)]
		if !ok {
			return "", "", fmt.Errorf("key item %s is absent", name)
		}
		id += fmt.Sprintf("%q ", v)
	}
	b, _ := json.Marshal(values) // sorts by name
	if len(key) == 0 {
		id = string(b)
	}
	return id, string(b), nil
}

func tableOf(rows []string, key []datarun.ItemName) (table, error) {
	t := table{}
	for i, r := range rows {
		id, text, err := canon([]byte(r), key)
		if err != nil {
			return nil, fmt.Errorf("row %d of Fixture.Rows: %w", i, err)
		}
		t[id] = text
	}
	return t, nil
}

// apply folds one record into the table, as the hub does: the newest of a key wins.
func (t table) apply(r datarun.Record, key []datarun.ItemName) error {
	id, text, err := canon(r.Data, key)
	if err != nil {
		return err
	}
	if r.Op == datarun.Delete {
		delete(t, id)
	} else {
		t[id] = text
	}
	return nil
}

// diff says how got differs from want, briefly; empty when it does not.
func diff(got, want table) string {
	var b strings.Builder
	n := 0
	line := func(format string, args ...any) {
		if n++; n <= 5 {
			fmt.Fprintf(&b, "\n\t"+format, args...)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(want)) {
		switch g, ok := got[id]; {
		case !ok:
			line("missing: %s", want[id])
		case g != want[id]:
			line("differs: %s, want %s", g, want[id])
		}
	}
	for _, id := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[id]; !ok {
			line("too many: %s", got[id])
		}
	}
	if n > 5 {
		fmt.Fprintf(&b, "\n\tand %d more", n-5)
	}
	return b.String()
}

func contains(s, part string) bool { return strings.Contains(s, part) }
