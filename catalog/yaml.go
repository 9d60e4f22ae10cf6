package catalog

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

const (
	maxFile   = 64 << 20
	maxDashes = 16 // nested lists begun on one line; the parser takes quadratic time over them
	maxOpen   = 64 // brackets opened on one line, likewise
)

// section is one document of a file that holds several, parted by lines of "---". Each is parsed by itself, so that one
// broken document does not hide what is wrong with the others.
type section struct {
	line int // of its first line, counted from 1
	text []byte
}

// split parts a file into documents. A line that begins with "---" always is a mark: the YAML standard allows it inside
// no scalar.
func split(data []byte) []section {
	var sections []section
	start, first, line := 0, 1, 1
	for pos := 0; pos < len(data); {
		end := pos + bytes.IndexByte(data[pos:], '\n') + 1
		if end == pos {
			end = len(data)
		}
		if mark := data[pos:end]; bytes.HasPrefix(mark, []byte("---")) && len(bytes.TrimRight(mark, " \t\n")) == 3 {
			sections = append(sections, section{first, data[start:pos]})
			start, first = end, line+1
		}
		pos, line = end, line+1
	}
	return append(sections, section{first, data[start:]})
}

// clean makes the text one that the parser can be trusted with, or says why not.
func clean(data []byte) ([]byte, int, string) {
	if len(data) > maxFile {
		return nil, 1, "the file is over 64 MiB"
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	for i, line := range bytes.Split(data, []byte("\n")) {
		switch {
		case !utf8.Valid(line):
			return nil, i + 1, "not UTF-8: save the file in that encoding"
		case bytes.ContainsRune(line, 0):
			return nil, i + 1, "has a NUL character"
		case nested(line):
			return nil, i + 1, "nested too deep"
		}
	}
	return data, 0, ""
}

func nested(line []byte) bool {
	dashes, open := 0, 0
	for rest := bytes.TrimLeft(line, " "); len(rest) > 1 && (rest[0] == '-' || rest[0] == '?' || rest[0] == ':') && rest[1] == ' '; {
		dashes++
		rest = bytes.TrimLeft(rest[1:], " ")
	}
	for _, b := range line {
		switch b {
		case '[', '{':
			open++
		case ']', '}':
			open = max(0, open-1)
		}
		if open > maxOpen {
			return true
		}
	}
	return dashes > maxDashes
}

// parse makes the tree of one document, nil when it is empty.
func (s section) parse() (root ast.Node, line int, reason string) {
	file, err := parser.ParseBytes(s.text, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		reason = err.Error()
		var syntax yaml.Error
		if errors.As(err, &syntax) {
			reason = syntax.GetMessage()
			if token := syntax.GetToken(); token != nil {
				line = token.Position.Line - 1
			}
		}
		reason, _, _ = strings.Cut(reason, "\n")
		return nil, s.line + line, "not YAML: " + reason
	}
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType {
			continue
		}
		if root != nil {
			return nil, s.line, "more than one document without a line of --- between them"
		}
		root = doc.Body
	}
	return root, s.line, ""
}
