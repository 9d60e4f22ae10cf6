package files

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"path"
	"sort"
	"strings"

	"datarun"
	"datarun/connectors"
	"datarun/connectors/internal/shape"
	"datarun/internal/rowjson"
)

// Discover implements connectors.Source. Files of the folder whose names differ in their digits only make one draft,
// from the newest of them that can be read.
func (s *source) Discover(ctx context.Context) ([]connectors.Draft, error) {
	f, err := openFolder(&s.settings)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	found, err := f.scan("*")
	if err != nil {
		return nil, err
	}
	groups := make(map[string][]identity)
	for _, id := range found {
		if o := (options{}); o.formatOf(string(id.Name)) != "" {
			pattern := patternOf(string(id.Name))
			groups[pattern] = append(groups[pattern], id)
		}
	}
	patterns := make([]string, 0, len(groups))
	for pattern := range groups {
		patterns = append(patterns, pattern)
	}
	sort.Strings(patterns)
	var drafts []connectors.Draft
	for _, pattern := range patterns {
		ids := groups[pattern]
		for i := len(ids) - 1; i >= 0; i-- {
			draft, err := s.draft(ctx, f, pattern, ids[i])
			if err != nil {
				return drafts, err
			}
			if draft != nil {
				drafts = append(drafts, *draft)
				break
			}
		}
	}
	return drafts, nil
}

// patternOf makes a glob of a name: a star for each run of digits, with what globs treat specially kept literal.
func patternOf(name string) string {
	extension := path.Ext(name)
	var b strings.Builder
	digits := false
	for _, r := range strings.TrimSuffix(name, extension) {
		switch {
		case r >= '0' && r <= '9':
			if !digits {
				b.WriteByte('*')
			}
			digits = true
			continue
		case strings.ContainsRune(`*?[\`, r):
			b.WriteByte('?')
		default:
			b.WriteRune(r)
		}
		digits = false
	}
	return b.String() + extension
}

// draft samples one file; nil when it is not readable as a whole.
func (s *source) draft(ctx context.Context, f *folder, pattern string, id identity) (*connectors.Draft, error) {
	stream := connectors.Stream{Object: pattern}
	o, err := readOptions(stream)
	if err != nil {
		return nil, err
	}
	opened, err := f.Open(string(id.Name))
	if err != nil {
		return nil, nil
	}
	defer opened.Close()
	in := &input{name: id.Name.String(), file: opened, size: id.Size, stream: stream, options: o, zone: s.settings.Zone, limit: int(s.settings.MaxLine)}
	from, err := newReader(ctx, in, 0, 0)
	if c, ok := from.(*csvReader); ok && err == nil && c.width == 1 {
		from = otherDelimiter(ctx, in, from)
	}
	var columns []shape.Column
	if err == nil {
		columns, err = sample(from)
	}
	var whole *broken
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.As(err, &whole) || len(columns) == 0:
		return nil, nil
	case err != nil:
		return nil, unavailable("files: discover", err)
	}
	items, key, titles := shape.Draft(columns)
	draft := &connectors.Draft{Object: pattern, Title: strings.Trim(strings.TrimSuffix(pattern, path.Ext(pattern)), "*-_ "), Items: items, Key: key}
	draft.Options = proposal(titles, &in.options)
	return draft, nil
}

// otherDelimiter opens a file again whose header has one column only, with the delimiter that gives the most.
func otherDelimiter(ctx context.Context, in *input, best reader) reader {
	chosen := in.options.Delimiter
	width := 1
	for _, delimiter := range []string{"\t", ";", "|"} {
		in.options.Delimiter = delimiter
		from, err := newReader(ctx, in, 0, 0)
		if c, ok := from.(*csvReader); ok && err == nil && c.width > width {
			best, width, chosen = from, c.width, delimiter
		}
	}
	in.options.Delimiter = chosen
	return best
}

// sample reads the first records of a file, as a stream without items gives them, into one column per member.
func sample(from reader) ([]shape.Column, error) {
	var columns []shape.Column
	at := make(map[string]int)
	var row rowjson.Row
	var data []byte
	for n := 0; n < shape.Samples; n++ {
		out, fault, err := from.next(data[:0])
		if err == io.EOF {
			break
		}
		if err != nil {
			return columns, err
		}
		if data = out; fault != nil || row.Parse(data) != nil {
			continue
		}
		for i := range row.Fields {
			name := string(row.Fields[i].Name)
			column, known := at[name]
			if !known {
				column = len(columns)
				at[name] = column
				columns = append(columns, shape.Column{Title: name})
			}
			columns[column].Field(&row.Fields[i])
		}
	}
	return columns, nil
}

// proposal is the options that a stream needs to be read like the sample; nil for none.
func proposal(titles map[datarun.ItemName]string, o *options) json.RawMessage {
	members := make(map[string]any)
	if len(titles) > 0 {
		members["columns"] = titles
	}
	if o.Delimiter != "," {
		members["delimiter"] = o.Delimiter
	}
	if len(members) == 0 {
		return nil
	}
	out, err := json.Marshal(members)
	if err != nil {
		return nil // a map of strings always has a JSON form
	}
	return out
}
