package check

import (
	"fmt"
	"unicode/utf8"

	"datarun"
	"datarun/internal/rowjson"
)

// value holds a value, not null and not empty, against its item. It returns no rule when all is well.
func (c *Checker) value(it *item, f *rowjson.Field, code datarun.CodeSystem) (datarun.Rule, string) {
	if f.Escaped && !paired(f.Value) {
		return datarun.RuleSyntax, "half of a surrogate pair in a string"
	}
	if it.form == anything {
		return "", ""
	}
	if !scalar(it.form, f.Kind) {
		return datarun.RuleType, wants[it.form]
	}
	v := c.textOf(f)
	switch it.form {
	case text:
		return checkText(it, v, code)
	case decimal:
		return checkDecimal(it, v)
	case integer:
		return checkInteger(v)
	case float:
		return checkFloat(v)
	case boolean:
		return checkBoolean(v)
	case day:
		return checkDay(v)
	default:
		return checkInstant(v)
	}
}

// scalar reports whether a value of the form may come as that kind of JSON: as itself, or as text.
func scalar(want form, kind rowjson.Kind) bool {
	switch kind {
	case rowjson.String:
		return true
	case rowjson.Number:
		return want == decimal || want == integer || want == float || want == boolean
	case rowjson.True, rowjson.False:
		return want == boolean
	}
	return false
}

func checkText(it *item, v []byte, code datarun.CodeSystem) (datarun.Rule, string) {
	if it.length > 0 && len(v) > it.length && utf8.RuneCount(v) > it.length {
		return datarun.RuleLength, fmt.Sprintf("at most %d characters", it.length)
	}
	if code != "" {
		if err := datarun.ValidateCode(code, v); err != nil {
			return datarun.RuleCode, err.Error()
		}
	}
	return "", ""
}

func checkBoolean(v []byte) (datarun.Rule, string) {
	switch string(v) {
	case "true", "false", "1", "0", "是", "否":
		return "", ""
	}
	return datarun.RuleType, wants[boolean]
}

// paired reports whether the surrogates among the escapes of s, the inside of a JSON string, come in pairs.
func paired(s []byte) bool {
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			continue
		}
		if i++; s[i] != 'u' {
			continue
		}
		switch surrogate(s[i+1:]) {
		case low:
			return false
		case high:
			if len(s) < i+11 || s[i+5] != '\\' || s[i+6] != 'u' || surrogate(s[i+7:]) != low {
				return false
			}
			i += 6
		}
		i += 4
	}
	return true
}

const (
	low  = 'l'
	high = 'h'
)

// surrogate tells from four hex digits whether they are one, D800-DBFF high and DC00-DFFF low, and which.
func surrogate(hex []byte) byte {
	if hex[0] != 'd' && hex[0] != 'D' {
		return 0
	}
	switch hex[1] {
	case '8', '9', 'a', 'A', 'b', 'B':
		return high
	case 'c', 'C', 'd', 'D', 'e', 'E', 'f', 'F':
		return low
	}
	return 0
}
