package catalog

import (
	"unicode"
	"unicode/utf8"

	"datarun"
)

const (
	maxItems  = 1000
	maxDigits = 76      // of the warehouse's widest decimal
	maxChars  = 1 << 20 // a record is no larger
)

func (c checker) items(items []datarun.Item) {
	if len(items) == 0 || len(items) > maxItems {
		c.bad("items", RuleRequired, "%d items, must be 1 to %d", len(items), maxItems)
	}
	seen := make(map[datarun.ItemName]int, len(items))
	for i := range items {
		path, item := index("items", i), &items[i]
		if c.itemName(join(path, "name"), item.Name) {
			if first, twice := seen[item.Name]; twice {
				c.bad(join(path, "name"), RuleUnique, "item %q is items[%d] already", item.Name, first)
			} else {
				seen[item.Name] = i
			}
		}
		c.text(join(path, "title"), item.Title, 128, false)
		c.itemType(path, item)
		c.itemCode(path, item)
	}
}

// itemName checks what datarun.ItemName says of a name.
func (c checker) itemName(path string, name datarun.ItemName) bool {
	if name == "" {
		c.bad(path, RuleRequired, "must be given")
		return false
	}
	if utf8.RuneCountInString(string(name)) > 128 {
		c.bad(path, RuleLength, "over 128 characters")
		return false
	}
	for i, r := range string(name) {
		digit, under := r >= '0' && r <= '9', r == '_'
		if !digit && !under && !unicode.IsLetter(r) || i == 0 && (digit || under) {
			c.bad(path, RuleForm, "must be letters of any script, digits and _, and begin with a letter")
			return false
		}
	}
	return true
}

// itemType checks type, length and scale together. Beside C, N and Y a length means nothing, so one that is given is a
// misunderstanding.
func (c checker) itemType(path string, item *datarun.Item) {
	switch item.Type {
	case datarun.Char:
		c.between(join(path, "length"), item.Length, 0, maxChars, "characters, or 0 for no limit")
		c.between(join(path, "scale"), item.Scale, 0, 0, "for type C")
	case datarun.Numeric:
		if c.between(join(path, "length"), item.Length, 1, maxDigits, "digits in all for type N") {
			c.between(join(path, "scale"), item.Scale, 0, item.Length, "digits after the point, not more than the length")
		}
	case datarun.Currency:
		if c.between(join(path, "length"), item.Length, 0, maxDigits, "digits in all, or 0 for 20") {
			digits, scale := money(item)
			c.between(join(path, "scale"), scale, 0, digits, "digits after the point, not more than the length")
		}
	case datarun.Date, datarun.DateTime, datarun.Bool, datarun.Memo, datarun.General, datarun.Double, datarun.Integer, datarun.Float:
		c.between(join(path, "length"), item.Length, 0, 0, "for type "+string(item.Type))
		c.between(join(path, "scale"), item.Scale, 0, 0, "for type "+string(item.Type))
	case "":
		c.bad(join(path, "type"), RuleRequired, "must be given")
	default:
		c.bad(join(path, "type"), RuleChoice, "must be one of C N Y D T L M G B I F")
	}
}

// money is the length and scale of a currency item with its defaults.
func money(item *datarun.Item) (digits, scale int) {
	digits, scale = item.Length, item.Scale
	if digits == 0 {
		digits = 20
	}
	if scale == 0 {
		scale = 2
	}
	return digits, scale
}

func (c checker) between(path string, n, low, high int, what string) bool {
	if n >= low && n <= high {
		return true
	}
	if low == high {
		c.bad(path, RulePair, "must be absent %s", what)
	} else {
		c.bad(path, RuleLength, "is %d, must be %d to %d %s", n, low, high, what)
	}
	return false
}

// codeLengths are the code systems with the characters that a code has at least.
var codeLengths = map[datarun.CodeSystem]int{
	datarun.ResidentID: 18, datarun.CreditCode: 18, datarun.OrgCode: 9, datarun.Division: 6, datarun.CertificateNo: 30,
}

func (c checker) itemCode(path string, item *datarun.Item) {
	if item.Code == "" {
		return
	}
	least, known := codeLengths[item.Code]
	switch {
	case !known:
		c.bad(join(path, "code"), RuleChoice, "must be one of resident_id, uscc, org_code, division, certificate_id")
	case item.Type != datarun.Char:
		c.bad(join(path, "code"), RulePair, "a code is text: the type must be C")
	case item.Length > 0 && item.Length < least:
		c.bad(join(path, "length"), RulePair, "is %d, a code of %s has at least %d characters", item.Length, item.Code, least)
	}
}
