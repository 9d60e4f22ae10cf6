package strict

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"datarun"
)

type sample struct {
	Folder string            `json:"folder"`
	Settle Duration          `json:"settle"`
	Line   Bytes             `json:"max_line"`
	Map    map[string]string `json:"columns"`
	Follow bool              `json:"follow"`
	Size   int               `json:"size"`
}

func TestDecode(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`{"folder":"/x","settle":"2s","max_line":"1MiB","columns":{"a":"b"}}`, ""},
		{``, ""}, {`null`, ""}, {`{}`, ""},
		{`{"foldr":"/x"}`, `unknown key "foldr"; did you mean "folder"?`},
		{`{"Folder":"/x"}`, `did you mean "folder"?`},
		{`{"zzz":1}`, `unknown key "zzz"; the keys are columns, `},
		{`{"folder":1}`, `key "folder": a JSON number where a string is expected`},
		{`{"size":1.25}`, `key "size": a JSON number where a number (int) is expected`},
		{`{"settle":"secret"}`, `key "settle": not a time span`},
		{`{"settle":"-1s"}`, `key "settle": not a time span`},
		{`{"max_line":"0"}`, `key "max_line": not a size`},
		{`{"max_line":"9999999999GiB"}`, `key "max_line": not a size`},
		{`{"columns":[1]}`, `key "columns": a JSON array where an object is expected`},
		{`[1]`, `not a JSON object`},
		{`{`, `not JSON`},
	} {
		var s sample
		err := Decode("x: settings", json.RawMessage(c.in), &s)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.in, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", c.in, err, c.want)
		case err != nil && datarun.KindOf(err) != datarun.Invalid:
			t.Errorf("%s: kind %v", c.in, datarun.KindOf(err))
		case err != nil && strings.Contains(err.Error(), "secret"):
			t.Errorf("%s: the error repeats the value", c.in)
		}
	}
}

func TestUnits(t *testing.T) {
	var s sample
	if err := Decode("x", json.RawMessage(`{"settle":"1h30m","max_line":"64 KiB"}`), &s); err != nil {
		t.Fatal(err)
	}
	if time.Duration(s.Settle) != 90*time.Minute || s.Line != 64<<10 {
		t.Fatalf("%v %v", s.Settle, s.Line)
	}
}
