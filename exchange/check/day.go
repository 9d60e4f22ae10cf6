package check

import (
	"time"

	"datarun"
)

// The years that the warehouse's dates and times can hold.
const (
	firstYear = 1900
	lastYear  = 2299
)

const (
	dayRange    = "want a day of 1900 to 2299"
	timeRange   = "want a time of 1900 to 2299, as written and as China counts"
	secondsTail = "at most 3 digits of a second"
)

// two reads two digits at i, -1 when they are not.
func two(v []byte, i int) int {
	a, b := v[i]-'0', v[i+1]-'0'
	if a > 9 || b > 9 {
		return -1
	}
	return int(a)*10 + int(b)
}

// date reads YYYY-MM-DD at the beginning of v, which has at least 10 bytes, and reports whether that day exists.
func date(v []byte) (year, month, d int, ok bool) {
	century, rest := two(v, 0), two(v, 2)
	month, d = two(v, 5), two(v, 8)
	if century < 0 || rest < 0 || v[4] != '-' || v[7] != '-' || month < 1 || month > 12 || d < 1 {
		return 0, 0, 0, false
	}
	year = century*100 + rest
	return year, month, d, d <= 28 || d <= daysOf(year, month)
}

func daysOf(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

func checkDay(v []byte) (datarun.Rule, string) {
	if len(v) != len("2006-01-02") {
		return datarun.RuleType, wants[day]
	}
	switch year, _, _, ok := date(v); {
	case !ok:
		return datarun.RuleType, wants[day]
	case year < firstYear || year > lastYear:
		return datarun.RuleRange, dayRange
	}
	return "", ""
}

func checkInstant(v []byte) (datarun.Rule, string) {
	const clock = len("2006-01-02T15:04:05")
	if len(v) <= clock || v[10] != 'T' || v[13] != ':' || v[16] != ':' {
		return datarun.RuleType, wants[instant]
	}
	year, month, d, ok := date(v)
	hour, minute, second := two(v, 11), two(v, 14), two(v, 17)
	if !ok || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return datarun.RuleType, wants[instant]
	}
	tail, end, ok := fraction(v, clock)
	if !ok {
		return datarun.RuleType, wants[instant]
	}
	offset, ok := zone(v[end:])
	if !ok {
		return datarun.RuleType, wants[instant]
	}
	if tail > 3 {
		return datarun.RuleLength, secondsTail
	}
	if year > firstYear && year < lastYear {
		return "", ""
	}
	// Near the ends the zone decides: the warehouse keeps times as China counts them.
	inChina := time.Date(year, time.Month(month), d, hour, minute, second, 0, time.UTC).Add(-offset).In(datarun.China).Year()
	if min(year, inChina) < firstYear || max(year, inChina) > lastYear {
		return datarun.RuleRange, timeRange
	}
	return "", ""
}

// zone reads Z or ±hh:mm, all of v.
func zone(v []byte) (time.Duration, bool) {
	if len(v) == 1 && v[0] == 'Z' {
		return 0, true
	}
	if len(v) != len("+08:00") || v[0] != '+' && v[0] != '-' || v[3] != ':' {
		return 0, false
	}
	hours, minutes := two(v, 1), two(v, 4)
	if hours < 0 || hours > 23 || minutes < 0 || minutes > 59 {
		return 0, false
	}
	offset := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if v[0] == '-' {
		offset = -offset
	}
	return offset, true
}
