package files

import (
	"testing"

	"datarun"
	"datarun/connectors"
)

func TestJSONLines(t *testing.T) {
	d := newDrop(t, "")
	d.put("f.jsonl", "\xef\xbb\xbf{\"id\":\"1\",\"n\":12345678901234567890.10,\"x\":{\"a\":[1]}}\r\n\n{bad\n[1]\n{\"id\":\"\xff\"}\n {\"n\":null,\"id\":\"2\",\"id\":\"3\"} \n{\"id\":\"4\"}")
	stream := connectors.Stream{Name: "s", Object: "*.jsonl"}
	g := d.read(stream, nil)
	wantRows(t, g, `{"id":"1","n":12345678901234567890.10,"x":{"a":[1]}}`, `{"n":null,"id":"2","id":"3"}`, `{"id":"4"}`)
	for _, where := range []string{"f.jsonl:3", "f.jsonl:4", "f.jsonl:5"} {
		wantFault(t, g, where, "")
	}
	stream.Items = []datarun.Item{{Name: "key", Type: datarun.Char}, {Name: "n", Type: datarun.Numeric}, {Name: "again", Type: datarun.Char}}
	stream.Options = []byte(`{"columns":{"key":"id","again":"id"}}`)
	g = d.read(stream, nil)
	wantRows(t, g,
		`{"key":"1","again":"1","n":12345678901234567890.10}`,
		`{"n":null,"key":"2","again":"2","key":"3","again":"3"}`,
		`{"key":"4","again":"4"}`)
}

func TestJSONLinesResume(t *testing.T) {
	d := newDrop(t, "")
	var content []byte
	for range 20_000 {
		content = append(content, "{\"a\":1}\n"...)
	}
	d.put("f.ndjson", string(content))
	stream := connectors.Stream{Name: "s", Object: "*"}
	g := d.read(stream, nil)
	rest := d.read(stream, g.batches[0].Position)
	if len(g.rows) != 20_000 || len(rest.rows) != 20_000-len(g.batches[0].Records) {
		t.Errorf("%d and %d rows", len(g.rows), len(rest.rows))
	}
	d.put("e.ndjson", "")
	g = d.read(stream, g.position)
	d.ack(stream, g.position)
	if d.ls() != "done/e.ndjson done/f.ndjson" {
		t.Error(d.ls())
	}
}
