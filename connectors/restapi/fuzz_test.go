package restapi

import (
	"bytes"
	"encoding/json"
	"testing"

	"datarun"
	"datarun/connectors"
	"datarun/connectors/internal/shape"
)

func FuzzPage(f *testing.F) {
	for _, seed := range []string{`{"code":"0","data":{"list":[{"id":1,"a":{"b":2}},[1],"x\"]",null , 3.5]},"next":"t"}`, `[{"id":1}]`, `<html>`, ``, `{"data":null}`} {
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, answer []byte, nested bool) {
		o := &options{}
		stream := connectors.Stream{}
		if nested {
			o = &options{Records: "data.list", Next: "next", Columns: map[datarun.ItemName]string{"b": "a.b"}}
			stream.Items = []datarun.Item{{Name: "id", Type: "I"}, {Name: "b", Type: "D"}}
		}
		p, err := parsePage("place", answer, o)
		if err != nil || answer == nil {
			return
		}
		var whole any
		if json.Unmarshal(bytes.TrimPrefix(answer, []byte("\xef\xbb\xbf")), &whole) != nil {
			t.Fatalf("%q was taken as JSON", answer)
		}
		if list, ok := whole.([]any); ok && len(list) != len(p.records) {
			t.Fatalf("%d records of %d", len(p.records), len(list))
		}
		project := newProjection(stream, o, shape.China)
		for _, record := range p.records {
			if !json.Valid(record) {
				t.Fatalf("record %q", record)
			}
			if out, _ := project.append(nil, record); !json.Valid(out) {
				t.Fatalf("%q became %q", record, out)
			}
		}
		if len(p.next) > 0 && !json.Valid(p.next) {
			t.Fatalf("token %q", p.next)
		}
	})
}

func FuzzPosition(f *testing.F) {
	f.Add([]byte(`{"mode":"page","round":{"pages":3,"page":4,"digest":"00"},"ended":5}`))
	f.Add([]byte(`{"mode":"page","round":{"pages":1,"cursor":"x"},"since":"y","news":2}`))
	f.Fuzz(func(t *testing.T, position []byte) {
		m, err := decodeMark(position, modePage)
		if err != nil {
			if datarun.KindOf(err) != datarun.Corrupt {
				t.Fatal(err)
			}
			return
		}
		out, err := m.encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodeMark(out, modePage)
		if err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		if twice, _ := again.encode(); !bytes.Equal(twice, out) {
			t.Fatalf("%s then %s", out, twice)
		}
	})
}
