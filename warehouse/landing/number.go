package landing

import (
	"math"

	"datarun"
)

// parseInt reads an optional sign and digits, and nothing else, into 64 bits.
func parseInt(b []byte) (int64, bool) {
	negative := len(b) > 0 && b[0] == '-'
	if negative || (len(b) > 0 && b[0] == '+') {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 19 {
		return 0, false
	}
	var n uint64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	if negative {
		return -int64(n), n <= 1<<63
	}
	return int64(n), n <= math.MaxInt64
}

func wrongInt(b []byte) (datarun.Rule, string) {
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		b = b[1:]
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return datarun.RuleType, "want a whole number of 64 bits"
		}
	}
	if len(b) == 0 {
		return datarun.RuleType, "want a whole number of 64 bits"
	}
	return datarun.RuleRange, "want a whole number of 64 bits"
}

// plain reports whether b has no other characters than a JSON number: strconv knows infinities, hexadecimal and more.
func plain(b []byte) bool {
	for _, c := range b {
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return false
		}
	}
	return true
}

// parseBool takes true and false, 1 and 0, 是 and 否.
func parseBool(b []byte) (byte, bool) {
	switch string(b) {
	case "true", "TRUE", "True", "1", "是":
		return 1, true
	case "false", "FALSE", "False", "0", "否":
		return 0, true
	}
	return 0, false
}
