package files

import (
	"fmt"
	"strings"

	"datarun"
	"datarun/connectors"
	"datarun/internal/rowjson"
)

// column is one member of the records made: its name, ready to be written, and the cell it comes from.
type column struct {
	prefix []byte // `{"name":` for the first, `,"name":` for the others
	item   datarun.ItemName
	kind   datarun.ItemType // empty when the stream has no items
	cell   int
}

// plan finds the cell of every item in the header, or takes every column as it is when the stream has no items. An item
// is looked for under the name that option columns gives it (an empty one: the file has no such column), else its own
// name, else its title. problem is empty, or says what is wrong with the file.
func plan(header []string, stream connectors.Stream, o *options) (columns []column, problem string) {
	at := make(map[string]int, len(header))
	twice := make(map[string]bool)
	for i, name := range header {
		header[i] = strings.TrimSpace(name)
		if _, again := at[header[i]]; again {
			twice[header[i]] = true
		}
		at[header[i]] = i
	}
	add := func(name datarun.ItemName, kind datarun.ItemType, cell int) {
		opening := []byte{'{'}
		if len(columns) > 0 {
			opening = []byte{','}
		}
		prefix := append(rowjson.AppendString(opening, string(name)), ':')
		columns = append(columns, column{prefix: prefix, item: name, kind: kind, cell: cell})
	}
	if len(stream.Items) == 0 {
		return everything(header, twice, o, add, &columns)
	}
	for _, item := range stream.Items {
		wanted, mapped := o.Columns[item.Name]
		if mapped && wanted == "" {
			continue
		}
		cell, found := at[strings.TrimSpace(wanted)]
		if !mapped {
			wanted = string(item.Name)
			if cell, found = at[wanted]; !found && item.Title != "" {
				wanted = strings.TrimSpace(item.Title)
				cell, found = at[wanted]
			}
		}
		if !found {
			return nil, fmt.Sprintf("no column for item %s: looked for %s", item.Name, lookedFor(o.Columns, item))
		}
		if twice[strings.TrimSpace(wanted)] {
			return nil, fmt.Sprintf("column %q of item %s is there twice", strings.TrimSpace(wanted), item.Name)
		}
		add(item.Name, item.Type, cell)
	}
	if len(columns) == 0 {
		return nil, "option columns leaves no item to read"
	}
	return columns, ""
}

// everything plans a stream without items: each named column under its header, or the item that columns maps to it.
func everything(header []string, twice map[string]bool, o *options, add func(datarun.ItemName, datarun.ItemType, int), columns *[]column) ([]column, string) {
	names := make(map[string]datarun.ItemName, len(o.Columns))
	for item, title := range o.Columns {
		names[title] = item
	}
	for i, title := range header {
		if title == "" {
			continue
		}
		if twice[title] {
			return nil, fmt.Sprintf("column %q is there twice", title)
		}
		name, ok := names[title]
		if !ok {
			name = datarun.ItemName(title)
		}
		add(name, "", i)
	}
	if len(*columns) == 0 {
		return nil, "the header names no column"
	}
	return *columns, ""
}

func lookedFor(mapped map[datarun.ItemName]string, item datarun.Item) string {
	if title, ok := mapped[item.Name]; ok {
		return fmt.Sprintf("%q", title)
	}
	if item.Title != "" {
		return fmt.Sprintf("%q and %q", string(item.Name), item.Title)
	}
	return fmt.Sprintf("%q", string(item.Name))
}
