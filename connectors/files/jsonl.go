package files

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"datarun"
	"datarun/connectors/internal/shape"
	"datarun/internal/rowjson"
)

// jsonReader reads JSON lines: one flat object a line, UTF-8, empty lines skipped.
type jsonReader struct {
	in      *input
	lines   *lines
	line    int64               // lines taken
	members map[string][]column // by member name; several items may take the same one
	parsed  rowjson.Row
}

func openJSON(in *input, offset, row int64) (reader, error) {
	mark := int64(0)
	head := make([]byte, 3)
	if n, err := in.file.ReadAt(head, 0); err != nil && err != io.EOF {
		return nil, err
	} else if bytes.Equal(head[:n], byteOrderMark) {
		mark = 3
	}
	j := &jsonReader{in: in}
	if len(in.stream.Items) > 0 {
		j.members = make(map[string][]column, len(in.stream.Items))
	}
	for _, item := range in.stream.Items {
		member, mapped := in.options.Columns[item.Name]
		if mapped && member == "" {
			continue
		}
		if !mapped {
			member = string(item.Name)
		}
		prefix := append(rowjson.AppendString(nil, string(item.Name)), ':')
		j.members[member] = append(j.members[member], column{prefix: prefix, item: item.Name, kind: item.Type})
	}
	if offset == 0 {
		offset, row = mark, 0
	}
	j.line = row
	j.lines = newLines(io.NewSectionReader(in.file, offset, in.size-offset), offset, in.limit)
	return j, nil
}

func (j *jsonReader) place() (offset, row int64) { return j.lines.offset, j.line }

// next implements reader.
func (j *jsonReader) next(dst []byte) ([]byte, *datarun.Fault, error) {
	for {
		line, err := j.lines.peek(0)
		if errors.Is(err, errLong) {
			return j.long(dst)
		}
		if err != nil {
			return dst, nil, err
		}
		text := bytes.TrimSpace(line)
		j.lines.take(len(line))
		j.line++
		if len(text) == 0 {
			continue
		}
		if j.line == 1 && text[0] == '[' {
			return dst, nil, brokenf(j.in.name, "a JSON array: JSON lines have one object a line")
		}
		return j.record(dst, text)
	}
}

func (j *jsonReader) record(dst, text []byte) ([]byte, *datarun.Fault, error) {
	if err := j.parsed.Parse(text); err != nil {
		return appendRaw(dst, text), j.fault(err.Error()), nil
	}
	start := len(dst)
	if j.members == nil {
		dst = append(dst, text...)
	} else {
		dst = append(dst, '{')
		for i := range j.parsed.Fields {
			field := &j.parsed.Fields[i]
			for _, member := range j.members[string(field.Name)] {
				if dst[len(dst)-1] != '{' {
					dst = append(dst, ',')
				}
				dst = append(dst, member.prefix...)
				dst = shape.AppendField(dst, field, member.kind, j.in.zone)
			}
		}
		dst = append(dst, '}')
	}
	if len(dst)-start > datarun.MaxRecord {
		out, fault := tooBig(dst, start, j.in.where(j.line))
		return out, fault, nil
	}
	return dst, nil, nil
}

func (j *jsonReader) long(dst []byte) ([]byte, *datarun.Fault, error) {
	dst = appendRaw(dst, j.lines.window(min(maxRaw, j.in.limit)))
	if err := j.lines.skip(); err != nil {
		return dst, nil, err
	}
	j.line++
	return dst, j.fault(fmt.Sprintf("the line is longer than max_line, %d bytes", j.in.limit)), nil
}

func (j *jsonReader) fault(detail string) *datarun.Fault {
	return &datarun.Fault{Rule: datarun.RuleSyntax, Detail: detail, Where: j.in.where(j.line)}
}
