package shape

import (
	"fmt"
	"strings"
	"unicode"

	"datarun"
)

// maxName is the longest item name, in characters.
const maxName = 128

// itemName makes an item name of a header or member name: what a name may not hold becomes one underscore.
func itemName(title string) datarun.ItemName {
	var b strings.Builder
	gap := false
	length := 0
	for _, r := range strings.TrimSpace(title) {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			gap = true
			continue
		}
		if b.Len() == 0 && unicode.IsDigit(r) {
			b.WriteString("c")
		}
		if gap && b.Len() > 0 {
			b.WriteByte('_')
		}
		gap = false
		b.WriteRune(r)
		if length++; length >= maxName-2 {
			break
		}
	}
	if b.Len() == 0 {
		return "item"
	}
	return datarun.ItemName(b.String())
}

// Draft makes items and a key of columns, and the columns map (item name to title) that a stream needs where a name had
// to differ from its title. Names are made unique by a number.
func Draft(columns []Column) (items []datarun.Item, key []datarun.ItemName, titles map[datarun.ItemName]string) {
	used := make(map[datarun.ItemName]bool)
	for i := range columns {
		item := columns[i].Item()
		for base, n := item.Name, 2; used[item.Name]; n++ {
			item.Name = base + datarun.ItemName(fmt.Sprintf("_%d", n))
		}
		used[item.Name] = true
		if string(item.Name) != columns[i].Title {
			if titles == nil {
				titles = make(map[datarun.ItemName]string)
			}
			titles[item.Name] = columns[i].Title
		}
		if key == nil && columns[i].Unique() {
			key, item.Required = []datarun.ItemName{item.Name}, true
		}
		items = append(items, item)
	}
	return items, key, titles
}
