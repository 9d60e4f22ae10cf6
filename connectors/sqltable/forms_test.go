package sqltable

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"datarun"
)

func TestZone(t *testing.T) {
	for _, tt := range []struct{ zone, in, want string }{
		{"Asia/Shanghai", "2026-01-02 03:04:05", "2026-01-02T03:04:05+08:00"},
		{"Asia/Shanghai", "1988-07-01 03:04:05", "1988-07-01T03:04:05+09:00"},
		{"+08:00", "1988-07-01 03:04:05", "1988-07-01T03:04:05+08:00"},
		{"-03:30", "2026-01-02", "2026-01-02T00:00:00-03:30"},
		{"America/New_York", "2026-07-01 12:00:00", "2026-07-01T12:00:00-04:00"},
		{"America/New_York", "2350-01-01 12:00:00", "2350-01-01T12:00:00-05:00"},
		{"UTC", "2026-01-02T03:04:05.500000", "2026-01-02T03:04:05.5+00:00"},
		{"UTC", "2026-01-02 03:04:05.000", "2026-01-02T03:04:05+00:00"},
		{"UTC", "2026-01-02 03:04:05.1239", "2026-01-02T03:04:05.123+00:00"},
		{"UTC", "2026-01-02 03:04:05+08", "2026-01-02T03:04:05+08:00"},
		{"UTC", "2026-01-02 03:04:05-0930", "2026-01-02T03:04:05-09:30"},
		{"UTC", "2026-01-02 03:04:05+08:05:43", "2026-01-02T03:04:05+08:05"},
		{"UTC", "2026-01-02 03:04:05Z", "2026-01-02T03:04:05Z"},
		{"UTC", "2026-01-02 24:00:00", ""},
		{"UTC", "2026-00-02 03:04:05", ""},
		{"UTC", "2026-01-02 03:04", ""},
		{"UTC", "2026-01-02 03:04:05 BC", ""},
		{"UTC", "infinity", ""},
		{"UTC", "", ""},
		{"UTC", "2026-01-02x", ""},
		{"UTC", "2026-01-02 03:04:05+", ""},
	} {
		z, err := ParseZone(tt.zone)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := appendStamp(nil, []byte(tt.in), z, 3)
		if string(got) != tt.want || ok != (tt.want != "") {
			t.Errorf("%s %s: %s, %v, want %s", tt.zone, tt.in, got, ok, tt.want)
		}
	}
	for _, bad := range []string{"", "Local", "Mars", "8", "+25:00"} {
		if _, err := ParseZone(bad); datarun.KindOf(err) != datarun.Invalid || err == nil {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// FuzzStamp holds what is taken for a time against the standard library.
func FuzzStamp(f *testing.F) {
	f.Add("2026-01-02 03:04:05.123456+08")
	f.Add("1900-01-01")
	z, err := ParseZone(DefaultZone)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got, ok := appendStamp([]byte("keep"), []byte(in), z, 3)
		if !strings.HasPrefix(string(got), "keep") || (!ok && len(got) != 4) {
			t.Fatalf("%q: %q", in, got)
		}
		if !ok {
			return
		}
		if _, err := time.Parse(time.RFC3339Nano, string(got[4:])); err != nil && !strings.Contains(err.Error(), "out of range") {
			t.Fatalf("%q became %q: %v", in, got[4:], err)
		}
	})
}

func TestPosition(t *testing.T) {
	p := planFor(t, testTable(), `{"cursor":"at"}`)
	pos := position{Phase: changes, Key: []string{"id"}, Cursor: "at", Mark: Value{Kind: Text, Text: "x\"一"}, Top: Value{Kind: Float, Text: "3"},
		After: []Value{{Kind: Bytes, Text: "\xff\x00"}, {Kind: Int, Text: "-7"}}, Closed: true, Full: time.Unix(1767294245, 0).UTC(), Tag: "a.1", Items: p.itemColumns()}
	got, err := parsePosition(pos.encode(), p)
	if err != nil || string(got.encode()) != string(pos.encode()) || got.After[0].Text != "\xff\x00" || got.Top.Any() != 3.0 {
		t.Errorf("%v: %s became %s", err, pos.encode(), got.encode())
	}
	for _, bad := range []string{`x`, `{}`, `[]`, `{"phase":"changes","more":1}`, `{"phase":"changes","key":["id"],"cursor":"at","after":[1]}`,
		`{"phase":"changes","key":["id"],"cursor":"at","mark":{"hex":"x"}}`, `{"phase":"changes","key":["id"],"cursor":"at","mark":tru}`, `{"phase":"changes"} {}`} {
		if _, err := parsePosition([]byte(bad), p); datarun.KindOf(err) != datarun.Invalid || err == nil {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// FuzzPosition: whatever is given as a position is refused or can be written again.
func FuzzPosition(f *testing.F) {
	f.Add([]byte(`{"phase":"snapshot","key":["id"],"cursor":"at","mark":null,"top":"x","after":[1.5]}`))
	p := planFor(f, testTable(), `{"cursor":"at"}`)
	f.Fuzz(func(t *testing.T, raw []byte) {
		pos, err := parsePosition(raw, p)
		if err == nil && !json.Valid(pos.encode()) {
			t.Fatalf("%q became %q", raw, pos.encode())
		}
	})
}

func TestOptions(t *testing.T) {
	for raw, name := range map[string]string{
		`{"kursor":"x"}`: "kursor", `{"window":"-1s"}`: "duration", `{"window":-1}`: "window", `{"window":[]}`: "window", `{"full_every":"1s"}`: "full_every",
		`{"full_every":5}`: "duration", `[]`: "options", `{} {}`: "options", `{"cursor":1}`: "cursor",
	} {
		if _, err := ParseOptions([]byte(raw)); datarun.KindOf(err) != datarun.Invalid || err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, want Invalid naming %s", raw, err, name)
		}
	}
}

func TestIsDeleted(t *testing.T) {
	for _, tt := range []struct {
		form Form
		raw  string
		want bool
	}{
		{FormBool, "t", true}, {FormBool, "f", false}, {FormBool, "1", true}, {FormInt, "0", false}, {FormInt, "2", true}, {FormText, "", false},
		{FormText, "N", false}, {FormText, "Y", true}, {FormText, "否", false}, {FormText, "是", true}, {FormStamp, "2026-01-01 00:00:00", true},
		{FormStamp, "0000-00-00 00:00:00", false}, {FormBits, "\x01", true}, {FormBits, "\x00", false},
	} {
		p := &Plan{Select: []*Column{{Form: tt.form}}}
		if got := p.IsDeleted([]byte(tt.raw)); got != tt.want {
			t.Errorf("%v %q: %v", tt.form, tt.raw, got)
		}
	}
	if (&Plan{}).IsDeleted(nil) {
		t.Error("NULL is not deleted")
	}
}

func TestItemName(t *testing.T) {
	for in, want := range map[string]datarun.ItemName{"name": "name", "姓名": "姓名", "2nd": "c2nd", "_id": "id", "a-b c": "a_b_c", "__": "c", "": "c"} {
		if got := itemName(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestScrub(t *testing.T) {
	if got := Scrub("u:pw@h and pw", []string{"pw", "", "u:pw@h"}); got != "*** and ***" {
		t.Error(got)
	}
}

// TestPositionOfFewerItems begins anew when the entry got an item, and goes on when it lost one.
func TestPositionOfFewerItems(t *testing.T) {
	p := planFor(t, testTable(), `{"cursor":"at"}`)
	before := position{Phase: changes, Key: p.keyNames(), Cursor: p.cursorName(), Items: p.itemColumns()[1:], Mark: Value{Kind: Int, Text: "7"}}
	got, err := parsePosition(before.encode(), p)
	if err != nil || got.Phase != snapshot {
		t.Errorf("an item more: phase %q, %v; want a new snapshot", got.Phase, err)
	}
	before.Items = append([]string{"gone=gone"}, p.itemColumns()...)
	got, err = parsePosition(before.encode(), p)
	if err != nil || got.Phase != changes || len(got.Items) != len(p.itemColumns()) {
		t.Errorf("an item less: phase %q with items %q, %v; want to go on", got.Phase, got.Items, err)
	}
}
