package files

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"testing"

	"datarun"
	"datarun/connectors"
	"datarun/connectors/internal/shape"
)

// drain reads a whole content and returns the rows; every row and fault must be JSON, and the reader must end.
func drain(t *testing.T, name string, content []byte, o options, limit int) (rows [][]byte, faults int, whole bool) {
	t.Helper()
	in := &input{name: name, file: bytes.NewReader(content), size: int64(len(content)), stream: connectors.Stream{}, options: o, zone: shape.China, limit: limit}
	from, err := newReader(context.Background(), in, 0, 0)
	for steps := 0; err == nil; steps++ {
		var data []byte
		var fault *datarun.Fault
		if data, fault, err = from.next(nil); err != nil {
			break
		}
		if !json.Valid(data) {
			t.Fatalf("not JSON: %q", data)
		}
		if fault != nil {
			faults++
		} else {
			rows = append(rows, data)
		}
		if steps > len(content) {
			t.Fatal("more records than bytes")
		}
	}
	if _, isBroken := err.(*broken); isBroken {
		return rows, faults, false
	}
	if err != io.EOF {
		t.Fatalf("%v", err)
	}
	return rows, faults, true
}

func FuzzCSV(f *testing.F) {
	for _, seed := range []string{"a,b\n1,2\n", "a,b\n\"1\n2\",3\n", "a,b\n\"x\"y,1\n", "\xef\xbb\xbfa\n\"\"\n", "\xd5\xc5,b\n\xc8\xfd,2", "a\n\"", "a,b\r\n1,2\r\n"} {
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, content []byte, auto bool) {
		o := options{Format: formatCSV, Encoding: "auto", Delimiter: ",", Header: 1}
		if !auto {
			o.Encoding = "gbk"
		}
		rows, faults, whole := drain(t, "f.csv", content, o, 200)
		if !whole || faults > 0 || !auto || bytes.Contains(content, []byte("\r")) || len(content) > 200 {
			return
		}
		// What is read without a fault is what the standard library reads.
		if encoding, mark, _ := detect(bytes.NewReader(content), int64(len(content))); encoding == utf8Text {
			r := csv.NewReader(bytes.NewReader(content[mark:]))
			all, err := r.ReadAll()
			if err != nil || len(all) != len(rows)+1 {
				t.Fatalf("%d rows; the standard library: %d, %v", len(rows), len(all), err)
			}
		}
	})
}

func FuzzJSONLines(f *testing.F) {
	f.Add([]byte("{\"a\":1}\n{\"b\":\"\\u4e2d\"}\n\n{"))
	f.Fuzz(func(t *testing.T, content []byte) {
		drain(t, "f.jsonl", content, options{Format: formatLines}, 200)
	})
}

func FuzzPosition(f *testing.F) {
	f.Add([]byte(`{"file":{"name":"a.csv","size":10,"mtime":1,"head":"00","offset":5,"row":2},"done":[{"name":"b","size":1,"mtime":2,"failed":true}]}`))
	f.Add([]byte("{\"done\":[{\"name\":\"\\u0000c4e3\",\"size\":1,\"mtime\":2}]}"))
	f.Fuzz(func(t *testing.T, position []byte) {
		m, err := decodeMark(position)
		if err != nil {
			if datarun.KindOf(err) != datarun.Corrupt {
				t.Fatalf("%v", err)
			}
			return
		}
		out, err := m.encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodeMark(out)
		if err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		if twice, _ := again.encode(); !bytes.Equal(twice, out) {
			t.Fatalf("%s then %s", out, twice)
		}
	})
}

func FuzzWorkbook(f *testing.F) {
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, content []byte) {
		drain(t, "f.xlsx", content, options{Format: formatXLSX, Header: 1}, 200)
	})
}
