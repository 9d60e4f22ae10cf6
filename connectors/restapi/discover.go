package restapi

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"datarun"
	"datarun/connectors"
	"datarun/connectors/internal/shape"
	"datarun/internal/rowjson"
)

// farFuture makes every time of a sample plausible.
var farFuture = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// Discover implements connectors.Source: it asks for each path in setting samples, or the url itself, and drafts an
// entry from the largest array of objects in the answer. How the listing is paged is for a person to add.
func (s *source) Discover(ctx context.Context) ([]connectors.Draft, error) {
	c, err := s.impatient()
	if err != nil {
		return nil, err
	}
	defer c.close()
	samples := s.settings.Samples
	if len(samples) == 0 {
		samples = []string{""}
	}
	var drafts []connectors.Draft
	for i, object := range samples {
		target, err := s.settings.target(object)
		if err != nil {
			return drafts, err
		}
		place := fmt.Sprintf("restapi: discover: sample %d", i+1)
		answer, err := c.get(ctx, place, "GET", target, nil)
		if err != nil {
			return drafts, err
		}
		draft, err := draftOf(place, object, answer)
		if err != nil {
			return drafts, err
		}
		drafts = append(drafts, *draft)
	}
	return drafts, nil
}

func draftOf(place, object string, answer []byte) (*connectors.Draft, error) {
	path, list := "", answer
	var top rowjson.Row
	if top.Parse(answer) == nil {
		if path, list = largest(&top, "", 0); list == nil {
			return nil, datarun.Errorf(datarun.Invalid, place, "the answer holds no array of objects")
		}
	} else if kind := kindOf(answer); kind != "a JSON array" || !json.Valid(answer) {
		return nil, datarun.Errorf(datarun.Unavailable, place, "not a JSON answer but %s", broken(kind))
	}
	columns := columnsOf(elements(list))
	if len(columns) == 0 {
		return nil, datarun.Errorf(datarun.Invalid, place, "the answer's array holds no objects")
	}
	items, key, titles := shape.Draft(columns)
	members := make(map[string]any)
	if path != "" {
		members["records"] = path
	}
	if len(titles) > 0 {
		members["columns"] = titles
	}
	options, err := json.Marshal(members)
	if err != nil {
		return nil, datarun.Errorf(datarun.Internal, place, "%w", err)
	}
	if object == "" {
		object = "/"
	}
	return &connectors.Draft{Object: object, Items: items, Key: key, Options: options}, nil
}

// largest finds the array with the most elements that begins with an object, at most three members deep.
func largest(row *rowjson.Row, prefix string, depth int) (path string, array []byte) {
	most := 0
	for i := range row.Fields {
		f := &row.Fields[i]
		name := prefix + string(f.Name)
		found, at := []byte(nil), ""
		switch {
		case f.Kind == rowjson.Array:
			if list := elements(f.Value); len(list) > 0 && list[0][0] == '{' {
				found, at = f.Value, name
			}
		case f.Kind == rowjson.Object && depth < 2:
			var inside rowjson.Row
			if inside.Parse(f.Value) == nil {
				at, found = largest(&inside, name+".", depth+1)
			}
		}
		if n := len(elements(found)); n > most {
			path, array, most = at, found, n
		}
	}
	return path, array
}

// columnsOf samples records, with the members of objects in them as columns of their own.
func columnsOf(records [][]byte) []shape.Column {
	var columns []shape.Column
	at := make(map[string]int)
	var sample func(row *rowjson.Row, prefix string)
	sample = func(row *rowjson.Row, prefix string) {
		for i := range row.Fields {
			f := &row.Fields[i]
			name := prefix + string(f.Name)
			var inside rowjson.Row
			if f.Kind == rowjson.Object && strings.Count(prefix, ".") < 2 && inside.Parse(f.Value) == nil && len(inside.Fields) > 0 {
				sample(&inside, name+".")
				continue
			}
			column, known := at[name]
			if !known {
				column = len(columns)
				at[name] = column
				columns = append(columns, shape.Column{Title: name})
			}
			columns[column].Field(f)
		}
	}
	for _, record := range records[:min(len(records), shape.Samples)] {
		var row rowjson.Row
		if row.Parse(record) == nil {
			sample(&row, "")
		}
	}
	return columns
}
