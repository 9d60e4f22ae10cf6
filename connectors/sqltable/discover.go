package sqltable

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"datarun"
	"datarun/connectors"
)

// changeNames are names that columns moved by every change have, best first.
var changeNames = []string{
	"updated_at", "update_time", "updated_time", "updatetime", "modified_at", "modify_time", "modified_time", "last_modified",
	"last_update", "last_update_time", "gmt_modified", "gxsj", "xgsj", "更新时间", "修改时间", "updated", "modified",
	"row_version", "rowversion", "change_seq", "sync_seq",
}

// deletedNames are names of soft-delete columns, best first.
var deletedNames = []string{"deleted_at", "is_deleted", "deleted", "del_flag", "is_delete", "delete_flag", "scbz", "删除标志"}

// DraftOf proposes a catalogue entry for a table. object is what Stream.Object would be.
func DraftOf(t *Table, object string, d *Dialect) connectors.Draft {
	draft := connectors.Draft{Object: object, Title: cut(t.Comment, 128)}
	columns := map[string]string{}
	names := map[string]datarun.ItemName{}
	for i := range t.Columns {
		c := &t.Columns[i]
		item := datarun.Item{Name: itemName(c.Name), Title: cut(c.Comment, 128), Type: c.Item, Length: c.Length, Scale: c.Scale}
		item.Required = slices.Contains(t.Primary, c.Name)
		if string(item.Name) != c.Name {
			columns[string(item.Name)] = c.Name
		}
		names[c.Name] = item.Name
		draft.Items = append(draft.Items, item)
	}
	for _, c := range t.Primary {
		draft.Key = append(draft.Key, names[c])
	}
	options := map[string]any{}
	if len(columns) > 0 {
		options["columns"] = columns
	}
	if c := proposeCursor(t, d); c != "" {
		options["cursor"] = c
	}
	if c := firstNamed(t, deletedNames, func(c *Column) bool { return c.Form != FormJSON && c.Form != FormFloat }); c != "" {
		options["deleted"] = c
	}
	if t.Zone != "" {
		options["zone"] = t.Zone
	}
	if len(options) > 0 {
		draft.Options, _ = json.Marshal(options) //nolint:errchkjson // strings, and a map of them: cannot fail
	}
	return draft
}

// proposeCursor picks the column that the database itself renews, else one whose name says that it follows changes;
// among those an indexed one.
func proposeCursor(t *Table, d *Dialect) string {
	usable := func(c *Column) bool { return cursorKind(c, d.TextTimes) != NoCursor && c.Form != FormDate }
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Touched && usable(c) {
			return c.Name
		}
	}
	indexed := func(c *Column) bool { return usable(c) && slices.Contains(t.Indexed, c.Name) }
	if c := firstNamed(t, changeNames, indexed); c != "" {
		return c
	}
	return firstNamed(t, changeNames, usable)
}

func firstNamed(t *Table, names []string, ok func(*Column) bool) string {
	for _, name := range names {
		if c := t.column(name, true); c != nil && ok(c) {
			return c.Name
		}
	}
	return ""
}

// itemName makes an item name of a column's: what the catalogue does not allow becomes an underscore inside, and is
// dropped in front.
func itemName(column string) datarun.ItemName {
	s := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' {
			return r
		}
		return '_'
	}, column)
	s = strings.TrimLeftFunc(s, func(r rune) bool { return r == '_' })
	if first, _ := utf8.DecodeRuneInString(s); s == "" || unicode.IsDigit(first) {
		s = "c" + s
	}
	return datarun.ItemName(cut(s, 128))
}

// cut shortens s to at most n characters.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n])
}
