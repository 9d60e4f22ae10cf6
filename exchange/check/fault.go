package check

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"datarun"
	"datarun/internal/rowjson"
)

func fault(rule datarun.Rule, it *item, detail string) *datarun.Fault {
	return &datarun.Fault{Rule: rule, Item: datarun.ItemName(it.name), Detail: detail}
}

// unknown names the member only where it could be the name of an item. What could not may be data that slipped into a
// header, such as a telephone number.
func unknown(i int, f *rowjson.Field) *datarun.Fault {
	fault := &datarun.Fault{Rule: datarun.RuleUnknown, Detail: fmt.Sprintf("member %d is not an item of the entry", i+1)}
	if itemName(f.Name) {
		fault.Item = datarun.ItemName(f.Name)
	}
	return fault
}

// itemName reports whether name follows the rule of datarun.ItemName.
func itemName(name []byte) bool {
	if len(name) == 0 || utf8.RuneCount(name) > 128 {
		return false
	}
	for i, r := range string(name) {
		if !unicode.IsLetter(r) && (i == 0 || r != '_' && (r < '0' || r > '9')) {
			return false
		}
	}
	return true
}
