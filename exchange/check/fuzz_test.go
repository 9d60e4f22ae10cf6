package check

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"datarun"
)

// FuzzRecord holds the check against encoding/json: no input panics; a clone agrees; what passes has the items of the
// entry and the key of their texts; what does not says nothing of the values.
func FuzzRecord(f *testing.F) {
	for _, v := range valueVectors {
		f.Add([]byte(`{"id":7,"part":"a","名称":"屋","`+v.item+`":`+v.value+`}`), false)
	}
	f.Add([]byte(`{"id":7,"part":"a|\\","\u540d称":"屋","id":8}`), true)
	c := newTestChecker(f, house)
	f.Fuzz(func(t *testing.T, data []byte, remove bool) {
		rec := datarun.Record{Data: bytes.Clone(data)}
		if remove {
			rec.Op = datarun.Delete
		}
		key, fault := c.Record(&rec, nil)
		key2, fault2 := c.Clone().Record(&rec, nil)
		if !bytes.Equal(rec.Data, data) {
			t.Fatal("the record was changed")
		}
		if line(fault) != line(fault2) || !bytes.Equal(key, key2) {
			t.Fatalf("%q, key %q; the clone %q, key %q", line(fault), key, line(fault2), key2)
		}
		var row map[string]json.RawMessage
		if err := json.Unmarshal(data, &row); err != nil {
			if fault == nil {
				t.Fatalf("passed, but %v", err)
			}
			return
		}
		if fault != nil {
			tellsNothing(t, fault, row)
			return
		}
		passed(t, row, string(key), remove)
	})
}

// passed holds a row that passed to what doc.go promises of it.
func passed(t *testing.T, row map[string]json.RawMessage, key string, remove bool) {
	t.Helper()
	var texts []string
	for _, name := range house.Key {
		texts = append(texts, plain(row[string(name)]))
	}
	if want := datarun.JoinKey(texts...); key != want || texts[0] == "" || texts[1] == "" {
		t.Fatalf("key %q, want %q", key, want)
	}
	for name := range row {
		if !remove && house.Item(datarun.ItemName(name)) == nil {
			t.Fatalf("passed with a member that is no item: %q", name)
		}
	}
	if !remove && plain(row["名称"]) == "" {
		t.Fatal("passed without a required item")
	}
}

func plain(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// tellsNothing looks for values, long enough not to be there by chance, in the detail of a fault.
func tellsNothing(t *testing.T, fault *datarun.Fault, row map[string]json.RawMessage) {
	t.Helper()
	known := strings.Join(wants[:], " ") + want64 + wantFinite + wantMoment + wantPair + "certificate id: organisation code: 1.2.156.3005.2"
	for _, raw := range row {
		if s := plain(raw); len(s) > 6 && strings.Contains(fault.Detail, s) && !strings.Contains(known, s) {
			t.Fatalf("the detail %q has a value in it", fault.Detail)
		}
	}
}
