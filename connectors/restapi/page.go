package restapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"datarun"
	"datarun/internal/rowjson"
)

// page is one answer, taken apart. Its slices alias the answer.
type page struct {
	records [][]byte // raw JSON values
	next    []byte   // raw JSON of the token, nil for none
	digest  string   // of the records, to know a page again
}

// parsePage takes an answer apart. place names the page in errors, which say what kind of thing it is and nothing of
// what it holds. No answer at all (status 204) is a page without records.
func parsePage(place string, answer []byte, o *options) (*page, error) {
	if answer == nil {
		return &page{}, nil
	}
	body := bytes.TrimSpace(bytes.TrimPrefix(answer, []byte("\xef\xbb\xbf")))
	list := body
	p := &page{}
	if kind := kindOf(body); kind != "a JSON object" {
		if kind != "a JSON array" || !json.Valid(body) {
			return nil, datarun.Errorf(datarun.Unavailable, place, "not a JSON answer but %s", broken(kind))
		}
		if o.Records != "" || o.OKPath != "" || o.Next != "" {
			return nil, datarun.Errorf(datarun.Unavailable, place, "a JSON array where an object with members is expected: records, next and ok_path need one")
		}
	} else {
		var top rowjson.Row
		if err := top.Parse(body); err != nil {
			return nil, datarun.Errorf(datarun.Unavailable, place, "not a JSON answer but a JSON object that is broken: %w", err)
		}
		if err := succeeded(place, &top, o); err != nil {
			return nil, err
		}
		if f, ok := find(&top, o.Next); ok && o.Next != "" {
			p.next = token(f)
		}
		f, ok := find(&top, o.Records)
		switch {
		case o.Records == "":
			return nil, datarun.Errorf(datarun.Invalid, place, "a JSON object where an array is expected: set option records to the path of the array in it")
		case !ok:
			return nil, datarun.Errorf(datarun.Unavailable, place, "no member %q in the answer", o.Records)
		case f.Kind == rowjson.Null:
			return p, nil
		case f.Kind != rowjson.Array:
			return nil, datarun.Errorf(datarun.Unavailable, place, "member %q of the answer is no array", o.Records)
		}
		list = f.Value
	}
	p.records = elements(list)
	hash := sha256.New()
	for _, record := range p.records {
		hash.Write(record)
		hash.Write([]byte{0})
	}
	p.digest = hex.EncodeToString(hash.Sum(nil)[:8])
	return p, nil
}

// succeeded looks for the mark of success that the service puts into its answers.
func succeeded(place string, top *rowjson.Row, o *options) error {
	if o.OKPath == "" {
		return nil
	}
	f, ok := find(top, o.OKPath)
	if !ok {
		return datarun.Errorf(datarun.Unavailable, place, "no member %q in the answer", o.OKPath)
	}
	for _, value := range o.OKValues {
		if string(f.Text(nil)) == value {
			return nil
		}
	}
	return datarun.Errorf(datarun.Unavailable, place, "the service answered that it failed: member %q is none of ok_values", o.OKPath)
}

// kindOf names what an answer begins with.
func kindOf(body []byte) string {
	if len(body) == 0 {
		return "an empty answer"
	}
	head := strings.ToLower(string(body[:min(len(body), 64)]))
	switch c := body[0]; {
	case c == '{':
		return "a JSON object"
	case c == '[':
		return "a JSON array"
	case c == '"':
		return "a JSON string"
	case (c >= '0' && c <= '9') || c == '-':
		return "a JSON number"
	case head == "null" || head == "true" || head == "false":
		return "a JSON " + head
	case strings.HasPrefix(head, "<!doctype html") || strings.HasPrefix(head, "<html"):
		return "an HTML page"
	case c == '<':
		return "XML or HTML"
	case c < ' ' || c == 0x7f:
		return "binary data"
	}
	return "plain text"
}

func broken(kind string) string {
	if kind == "a JSON array" {
		return "a JSON array that is broken"
	}
	return kind
}

// find returns the member at a dotted path; the empty path is not found.
func find(top *rowjson.Row, path string) (*rowjson.Field, bool) {
	row := top
	for {
		name, rest, deeper := strings.Cut(path, ".")
		var found *rowjson.Field
		for i := range row.Fields {
			if string(row.Fields[i].Name) == name {
				found = &row.Fields[i]
			}
		}
		if found == nil || !deeper {
			return found, found != nil
		}
		if found.Kind != rowjson.Object {
			return nil, false
		}
		row, path = new(rowjson.Row), rest
		if row.Parse(found.Value) != nil {
			return nil, false
		}
	}
}

// token returns the raw JSON of a token, or nil when it says that there is none: null, "", false, an object.
func token(f *rowjson.Field) []byte {
	switch {
	case f.Kind == rowjson.String && len(f.Value) > 0:
		return append(append([]byte{'"'}, f.Value...), '"')
	case f.Kind == rowjson.Number:
		return bytes.Clone(f.Value)
	}
	return nil
}

// elements cuts a JSON array, already known to be valid, into its elements.
func elements(array []byte) [][]byte {
	var out [][]byte
	depth, start := 0, -1
	end := func(i int) {
		if start >= 0 {
			out = append(out, bytes.TrimSpace(array[start:i]))
		}
		start = -1
	}
	for i := 0; i < len(array); i++ {
		switch c := array[i]; c {
		case '"':
			if depth == 1 && start < 0 {
				start = i
			}
			for i++; array[i] != '"'; i++ {
				if array[i] == '\\' {
					i++
				}
			}
		case '[', '{':
			if depth == 1 && start < 0 {
				start = i
			}
			depth++
		case ']', '}':
			if depth--; depth == 0 {
				end(i)
			}
		case ',':
			if depth == 1 {
				end(i)
			}
		case ' ', '\t', '\r', '\n':
		default:
			if depth == 1 && start < 0 {
				start = i
			}
		}
	}
	return out
}
