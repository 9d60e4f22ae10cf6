package schema

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"datarun"
)

// Granularity is the rows per mark of the resource tables, and CompressBlock the least bytes that are compressed as one.
// A lookup of one key decompresses one such block of every column; DESIGN.md has the measurements that chose them.
const (
	Granularity   = 256
	CompressBlock = 4096
)

// Column is one column of a table or view as the server has it.
type Column struct {
	Name    string
	Type    string
	Comment string
}

// State is what the server has of a resource. The zero State is nothing.
type State struct {
	Columns     []Column // of the table, the hub's own included
	Comment     string   // of the table
	View        []Column
	ViewComment string
}

// Place says where the objects go.
type Place struct {
	Database string
	Cluster  string // empty: one server
}

// note is the table's comment: what of the entry the columns do not tell.
type note struct {
	Name string             `json:"name"`
	Key  []datarun.ItemName `json:"key"`
}

// tableComment is the note of an entry, as JSON.
func tableComment(r *datarun.Resource) string {
	b, err := json.Marshal(note{Name: r.Name, Key: r.Key})
	if err != nil {
		panic(err) // strings always marshal
	}
	return string(b)
}

// Plan returns the statements that make the server's objects those of the entry, in order; none when they are. A change
// that cannot be made without touching stored values is a Conflict that names the item and the reason.
func Plan(have State, want *datarun.Resource, place Place) ([]string, error) {
	if err := want.Code.Validate(); err != nil {
		return nil, err
	}
	columns, err := columnsOf(want)
	if err != nil {
		return nil, err
	}
	var statements []string
	if len(have.Columns) == 0 {
		statements = append(statements, createTable(want, columns, place))
	} else if statements, err = alter(have, want, columns, place); err != nil {
		return nil, err
	}
	if !slices.Equal(have.View, viewColumns(columns)) || have.ViewComment != viewComment(want) {
		statements = append(statements, createView(want, columns, place))
	}
	return statements, nil
}

// columnsOf lists the item columns of the entry.
func columnsOf(r *datarun.Resource) ([]Column, error) {
	columns := make([]Column, 0, len(r.Items))
	for i := range r.Items {
		t, err := ColumnType(&r.Items[i])
		if err != nil {
			return nil, err
		}
		columns = append(columns, Column{Name: string(r.Items[i].Name), Type: t, Comment: r.Items[i].Title})
	}
	return columns, nil
}

// alter plans the changes of a table that is there.
func alter(have State, want *datarun.Resource, columns []Column, place Place) ([]string, error) {
	if err := sameKey(have.Comment, want); err != nil {
		return nil, err
	}
	var changes []string
	there := map[string]Column{}
	for _, c := range have.Columns {
		if !strings.HasPrefix(c.Name, "_") {
			there[c.Name] = c
		}
	}
	for _, c := range columns {
		old, ok := there[c.Name]
		delete(there, c.Name)
		change, err := changeColumn(old, c, ok)
		if err != nil {
			return nil, refuse(want, "item %s: %w", c.Name, err)
		}
		changes = append(changes, change...)
	}
	if len(there) > 0 {
		gone := make([]string, 0, len(there))
		for name := range there {
			gone = append(gone, name)
		}
		slices.Sort(gone)
		return nil, refuse(want, "items removed (%s): their stored values would be lost; keep them as optional items", strings.Join(gone, ", "))
	}
	if comment := tableComment(want); have.Comment != comment {
		changes = append(changes, "MODIFY COMMENT "+text(comment))
	}
	if len(changes) == 0 {
		return nil, nil
	}
	return []string{fmt.Sprintf("ALTER TABLE %s%s %s", place.name(Table(want.Code)), place.onCluster(), strings.Join(changes, ", "))}, nil
}

func sameKey(comment string, want *datarun.Resource) error {
	var old note
	if err := json.Unmarshal([]byte(comment), &old); err != nil {
		return datarun.Errorf(datarun.Corrupt, "schema", "%s: the table's comment is not the hub's: somebody else made or changed it", want.Code)
	}
	if !slices.Equal(old.Key, want.Key) {
		return refuse(want, "the key changed from %q to %q: stored records would not be found by their new keys", old.Key, want.Key)
	}
	return nil
}

// changeColumn plans one column. The error is the reason why it cannot be changed.
func changeColumn(old, want Column, exists bool) ([]string, error) {
	_, optional := nullable(want.Type)
	switch {
	case !exists && !optional:
		return nil, fmt.Errorf("new and required, but the stored records do not have it: make it optional")
	case !exists:
		return []string{"ADD COLUMN " + want.definition()}, nil
	case old.Type != want.Type:
		if reason := canBecome(old.Type, want.Type); reason != nil {
			return nil, reason
		}
		return []string{"MODIFY COLUMN " + want.definition()}, nil
	case old.Comment != want.Comment:
		return []string{fmt.Sprintf("COMMENT COLUMN %s %s", Quote(want.Name), text(want.Comment))}, nil
	}
	return nil, nil
}

// canBecome returns nil when every value of the old type is the same value in the new one.
func canBecome(old, want string) error {
	oldBase, oldNull := nullable(old)
	wantBase, wantNull := nullable(want)
	if oldNull && !wantNull {
		return fmt.Errorf("was optional and is to be required, but stored records may lack it")
	}
	if oldBase == wantBase {
		return nil
	}
	var p1, s1, p2, s2 int
	if n, _ := fmt.Sscanf(oldBase, "Decimal(%d, %d)", &p1, &s1); n == 2 {
		if n, _ := fmt.Sscanf(wantBase, "Decimal(%d, %d)", &p2, &s2); n == 2 && s1 == s2 && p1 <= p2 {
			return nil
		}
	}
	return fmt.Errorf("type changes from %s to %s: stored values would be reinterpreted", oldBase, wantBase)
}

func refuse(want *datarun.Resource, format string, args ...any) error {
	return datarun.Errorf(datarun.Conflict, "schema: "+string(want.Code), format, args...)
}
