package rowjson

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name, in string
		fields   []string // name=kind:text
		bad      bool
	}{
		{name: "empty", in: ` {} `},
		{name: "scalars", in: `{"a":"x","b":-1.5e3,"c":true,"d":false,"e":null}`, fields: []string{"a=1:x", "b=2:-1.5e3", "c=3:true", "d=4:false", "e=0:null"}},
		{name: "spaces", in: "{ \"a\" :\t1 ,\n\"b\" : 2 }", fields: []string{"a=2:1", "b=2:2"}},
		{name: "escapes", in: `{"\u4e2d":"\ud83d\ude00\n\/\""}`, fields: []string{"中=1:😀\n/\""}},
		{name: "lone surrogate", in: `{"a":"\ud83dx"}`, fields: []string{"a=1:\ufffdx"}},
		{name: "nested", in: `{"a":{"b":[1,{"c":[]}]},"d":[]}`, fields: []string{`a=5:{"b":[1,{"c":[]}]}`, "d=6:[]"}},
		{name: "beyond the BMP", in: `{"名":"𠮷野"}`, fields: []string{"名=1:𠮷野"}},
		{name: "nothing", in: ``, bad: true},
		{name: "array", in: `[]`, bad: true},
		{name: "trailing", in: `{}x`, bad: true},
		{name: "truncated", in: `{"a":"x`, bad: true},
		{name: "leading zero", in: `{"a":01}`, bad: true},
		{name: "bare minus", in: `{"a":-}`, bad: true},
		{name: "point only", in: `{"a":1.}`, bad: true},
		{name: "trailing comma", in: `{"a":1,}`, bad: true},
		{name: "raw newline", in: "{\"a\":\"\n\"}", bad: true},
		{name: "bad escape", in: `{"a":"\x"}`, bad: true},
		{name: "not UTF-8", in: "{\"a\":\"\xff\"}", bad: true},
		{name: "deep", in: `{"a":` + string(bytes.Repeat([]byte("["), 100)) + string(bytes.Repeat([]byte("]"), 100)) + `}`, bad: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r Row
			err := r.Parse([]byte(tt.in))
			if (err != nil) != tt.bad {
				t.Fatalf("err = %v, want bad = %v", err, tt.bad)
			}
			if tt.bad {
				return
			}
			var got []string
			for i := range r.Fields {
				f := &r.Fields[i]
				got = append(got, string(f.Name)+"="+string('0'+rune(f.Kind))+":"+string(f.Text(nil)))
			}
			if len(got) != len(tt.fields) {
				t.Fatalf("got %q, want %q", got, tt.fields)
			}
			for i := range got {
				if got[i] != tt.fields[i] {
					t.Errorf("field %d = %q, want %q", i, got[i], tt.fields[i])
				}
			}
		})
	}
}

func TestAppendString(t *testing.T) {
	for _, s := range []string{"", "a", "鄂州", "𠮷", "q\"b\\n\nr\rt\tc\x01", "a\xffb"} {
		var got string
		if err := json.Unmarshal(AppendString(nil, s), &got); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		want := string(bytes.ToValidUTF8([]byte(s), []byte("\ufffd")))
		if got != want {
			t.Errorf("AppendString(%q) reads back as %q", s, got)
		}
	}
}

// FuzzParse holds Parse against encoding/json: both accept or both refuse, and top-level strings read the same.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"a":"\u00e9\ud83d\ude00","b":[1,2,{"c":null}],"d":-0.5E+3}`))
	f.Add([]byte(`{"a":1,"a":2}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var r Row
		err := r.Parse(data)
		var want map[string]json.RawMessage
		stdErr := json.Unmarshal(data, &want)
		if bytes.Equal(bytes.TrimSpace(data), []byte("null")) || !utf8.Valid(data) || bytes.Count(data, []byte("[")) > 20 || bytes.Count(data, []byte("{")) > 20 {
			return // null unmarshals into a map, encoding/json repairs UTF-8, and the depth limits differ
		}
		if (err == nil) != (stdErr == nil) {
			t.Fatalf("rowjson: %v, encoding/json: %v", err, stdErr)
		}
		if err != nil {
			return
		}
		last := map[string]*Field{}
		for i := range r.Fields {
			last[string(r.Fields[i].Name)] = &r.Fields[i]
		}
		for name, raw := range want {
			fld := last[name]
			if fld == nil {
				t.Fatalf("member %q is missing", name)
			}
			var s string
			if fld.Kind == String && (json.Unmarshal(raw, &s) != nil || s != string(fld.Text(nil))) {
				t.Fatalf("member %q reads %q, want %q", name, fld.Text(nil), s)
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	data := []byte(`{"id":123456,"name":"鄂城区凤凰街道","area":"128.55","built":"1998-05-01","at":"2026-01-02T10:00:00+08:00","ok":true,"code":"11420700009999017F"}`)
	var r Row
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if err := r.Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}
