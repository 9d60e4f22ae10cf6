package landing

import (
	"time"

	"datarun"
)

// Bounds of what the column types hold.
const (
	firstYear = 1900
	lastYear  = 2299
)

// The same bounds as instants, as China counts.
var (
	firstMilli = time.Date(firstYear, 1, 1, 0, 0, 0, 0, datarun.China).UnixMilli()
	lastMilli  = time.Date(lastYear+1, 1, 1, 0, 0, 0, 0, datarun.China).UnixMilli() - 1
)

// parseDate reads YYYY-MM-DD into days since 1970-01-01.
func parseDate(b []byte) (int32, datarun.Rule) {
	if len(b) != 10 {
		return 0, datarun.RuleType
	}
	return civil(b)
}

// civil reads the first ten bytes of b as YYYY-MM-DD.
func civil(b []byte) (int32, datarun.Rule) {
	year, ok1 := digits4(b)
	month, ok2 := digits2(b[5:])
	day, ok3 := digits2(b[8:])
	if !ok1 || !ok2 || !ok3 || b[4] != '-' || b[7] != '-' || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, datarun.RuleType
	}
	if year < firstYear || year > lastYear {
		return 0, datarun.RuleRange
	}
	return daysOf(year, month, day), ""
}

// daysOf counts days since 1970-01-01 in the Gregorian calendar, by shifting the year to begin in March.
func daysOf(year, month, day int) int32 {
	if month <= 2 {
		year--
		month += 12
	}
	leaps := year/4 - year/100 + year/400
	return int32(365*year + leaps + (153*(month-3)+2)/5 + day - 1 - 719468)
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// parseDateTime reads RFC 3339 with at most three digits of a second that are not zero, and any zone offset, into
// milliseconds since 1970. T may be a space.
func parseDateTime(b []byte) (int64, datarun.Rule) {
	if len(b) < len("2006-01-02T15:04:05Z") || (b[10] != 'T' && b[10] != 't' && b[10] != ' ') || b[13] != ':' || b[16] != ':' {
		return 0, datarun.RuleType
	}
	days, rule := civil(b)
	if rule != "" {
		return 0, rule
	}
	hour, ok1 := digits2(b[11:])
	minute, ok2 := digits2(b[14:])
	second, ok3 := digits2(b[17:])
	if !ok1 || !ok2 || !ok3 || hour > 23 || minute > 59 || second > 59 {
		return 0, datarun.RuleType
	}
	rest, milli, ok := fraction(b[19:])
	if !ok {
		return 0, datarun.RuleType
	}
	offset, ok := zone(rest)
	if !ok {
		return 0, datarun.RuleType
	}
	ms := ((int64(days)*24+int64(hour))*60+int64(minute)-int64(offset))*60_000 + int64(second)*1000 + int64(milli)
	if ms < firstMilli || ms > lastMilli {
		return 0, datarun.RuleRange
	}
	return ms, ""
}

// fraction reads an optional .ddd; further digits must be zeros.
func fraction(b []byte) (rest []byte, milli int, ok bool) {
	if len(b) == 0 || b[0] != '.' {
		return b, 0, true
	}
	n := 0
	for b = b[1:]; n < len(b) && b[n] >= '0' && b[n] <= '9'; n++ {
		switch {
		case n < 3:
			milli = milli*10 + int(b[n]-'0')
		case b[n] != '0':
			return nil, 0, false
		}
	}
	for i := n; i < 3; i++ {
		milli *= 10
	}
	return b[n:], milli, n > 0
}

// zone reads Z or ±hh:mm into minutes east.
func zone(b []byte) (int, bool) {
	if len(b) == 1 && (b[0] == 'Z' || b[0] == 'z') {
		return 0, true
	}
	if len(b) != 6 || (b[0] != '+' && b[0] != '-') || b[3] != ':' {
		return 0, false
	}
	hours, ok1 := digits2(b[1:])
	minutes, ok2 := digits2(b[4:])
	if !ok1 || !ok2 || hours > 23 || minutes > 59 {
		return 0, false
	}
	if b[0] == '-' {
		return -(hours*60 + minutes), true
	}
	return hours*60 + minutes, true
}

func digits2(b []byte) (int, bool) {
	x, y := b[0]-'0', b[1]-'0'
	return int(x)*10 + int(y), x <= 9 && y <= 9
}

func digits4(b []byte) (int, bool) {
	hi, ok1 := digits2(b)
	lo, ok2 := digits2(b[2:])
	return hi*100 + lo, ok1 && ok2
}
