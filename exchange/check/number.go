package check

import (
	"fmt"
	"strconv"

	"datarun"
)

// digits returns the index of the first byte of v from i on that is no digit.
func digits(v []byte, i int) int {
	for i < len(v) && v[i] >= '0' && v[i] <= '9' {
		i++
	}
	return i
}

// whole reads an optional minus and the digits before a point. n is how many digits count: a single 0 does not. end is
// 0 when there are none, or zeros before others.
func whole(v []byte) (n, end int) {
	start := 0
	if len(v) > 0 && v[0] == '-' {
		start = 1
	}
	end = digits(v, start)
	n = end - start
	if n == 0 || n > 1 && v[start] == '0' {
		return 0, 0
	}
	if n == 1 && v[start] == '0' {
		n = 0
	}
	return n, end
}

// fraction reads a point and digits from i on, if there are any. It returns i when there is a point without digits.
func fraction(v []byte, i int) (n, end int, ok bool) {
	if i == len(v) || v[i] != '.' {
		return 0, i, true
	}
	end = digits(v, i+1)
	return end - i - 1, end, end > i+1
}

func checkDecimal(it *item, v []byte) (datarun.Rule, string) {
	before, i := whole(v)
	after, end, ok := fraction(v, i)
	if i == 0 || !ok || end != len(v) {
		return datarun.RuleType, wants[decimal]
	}
	if before > it.length {
		return datarun.RuleLength, fmt.Sprintf("at most %d digits before the point", it.length)
	}
	if after > it.scale {
		return datarun.RuleLength, fmt.Sprintf("at most %d digits after the point", it.scale)
	}
	return "", ""
}

func checkInteger(v []byte) (datarun.Rule, string) {
	n, end := whole(v)
	if end == 0 || end != len(v) {
		return datarun.RuleType, wants[integer]
	}
	if n < 19 {
		return "", ""
	}
	most := "9223372036854775807"
	if v[0] == '-' {
		v, most = v[1:], "9223372036854775808"
	}
	if n > 19 || string(v) > most {
		return datarun.RuleRange, "want at most 64 bits: -9223372036854775808 to 9223372036854775807"
	}
	return "", ""
}

// surelyFinite is a length below which a number without exponent cannot be too large for a float64.
const surelyFinite = 300

func checkFloat(v []byte) (datarun.Rule, string) {
	_, i := whole(v)
	_, end, ok := fraction(v, i)
	if i == 0 || !ok {
		return datarun.RuleType, wants[float]
	}
	if end == len(v) && end < surelyFinite {
		return "", ""
	}
	if end < len(v) {
		if end = exponent(v, end); end != len(v) {
			return datarun.RuleType, wants[float]
		}
	}
	if _, err := strconv.ParseFloat(string(v), 64); err != nil {
		return datarun.RuleRange, "want a finite number that a float64 can hold"
	}
	return "", ""
}

// exponent reads an exponent that begins at i and returns the index after it, 0 when it is none.
func exponent(v []byte, i int) int {
	if v[i] != 'e' && v[i] != 'E' {
		return 0
	}
	if i++; i < len(v) && (v[i] == '+' || v[i] == '-') {
		i++
	}
	end := digits(v, i)
	if end == i {
		return 0
	}
	return end
}
