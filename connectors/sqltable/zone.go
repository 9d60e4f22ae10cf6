package sqltable

import (
	"fmt"
	"strconv"
	"time"
	_ "time/tzdata" // a small machine of a department may have no zone files

	"datarun"
)

// Zone gives the offset of a wall-clock time, fast for the years in which it never changes.
type Zone struct {
	Location *time.Location
	settled  int    // the first whole year from which on the offset is always fixed
	fixed    string // that offset, "+08:00"
}

// ParseZone reads an IANA name or an offset such as +08:00.
func ParseZone(name string) (*Zone, error) {
	loc, err := time.LoadLocation(name)
	if t, e := time.Parse("-07:00", name); e == nil {
		_, offset := t.Zone()
		loc, err = time.FixedZone(name, offset), nil
	}
	if err != nil || name == "" || name == "Local" {
		return nil, datarun.Errorf(datarun.Invalid, "options", "zone: %q is neither an IANA time zone nor an offset like +08:00", name)
	}
	z := &Zone{Location: loc, settled: 1 << 30}
	last := time.Date(2400, 1, 1, 0, 0, 0, 0, loc)
	if start, end := last.ZoneBounds(); end.IsZero() {
		z.settled = 0
		if !start.IsZero() {
			z.settled = start.In(loc).Year() + 1
		}
		_, offset := last.Zone()
		z.fixed = string(appendOffset(nil, offset))
	}
	return z, nil
}

// append adds the offset of a wall-clock time to dst.
func (z *Zone) append(dst []byte, year, month, day, hour, minute, second int) []byte {
	if year >= z.settled {
		return append(dst, z.fixed...)
	}
	_, offset := time.Date(year, time.Month(month), day, hour, minute, second, 0, z.Location).Zone()
	return appendOffset(dst, offset)
}

// appendOffset writes seconds east of UTC as ±hh:mm. Seconds, which only times before railways have, are cut off: RFC
// 3339 cannot say them.
func appendOffset(dst []byte, offset int) []byte {
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	h, m := offset/3600, offset%3600/60
	return append(dst, sign, byte('0'+h/10), byte('0'+h%10), ':', byte('0'+m/10), byte('0'+m%10))
}

// appendStamp appends a time as the databases write it ("2006-01-02 15:04:05.999999", with T or a space, with a zone or
// without) as RFC 3339 with a zone, at most digits fraction digits, without quotes. A date alone is midnight. It
// returns false, and dst as it was, for anything else: infinity, BC, five-digit years, month zero.
func appendStamp(dst, raw []byte, zone *Zone, digits int) ([]byte, bool) {
	var n [6]int // year to second
	if !readDate(raw, &n) {
		return dst, false
	}
	mark := len(dst)
	dst = append(dst, raw[:10]...)
	dst = append(dst, 'T')
	if len(raw) == 10 {
		dst = append(dst, "00:00:00"...)
		return zone.append(dst, n[0], n[1], n[2], 0, 0, 0), true
	}
	if !readClock(raw, &n) {
		return dst[:mark], false
	}
	dst = append(dst, raw[11:19]...)
	rest := raw[19:]
	if len(rest) > 1 && rest[0] == '.' {
		end := 1
		for end < len(rest) && isDigit(rest[end]) {
			end++
		}
		frac := rest[:min(end, digits+1)]
		for len(frac) > 0 && (frac[len(frac)-1] == '0' || frac[len(frac)-1] == '.') {
			frac = frac[:len(frac)-1]
		}
		dst = append(dst, frac...)
		rest = rest[end:]
	}
	if len(rest) == 0 {
		return zone.append(dst, n[0], n[1], n[2], n[3], n[4], n[5]), true
	}
	out, ok := appendGivenOffset(dst, rest)
	if !ok {
		return dst[:mark], false
	}
	return out, true
}

// appendGivenOffset appends Z, ±hh, ±hhmm, ±hh:mm or ±hh:mm:ss in the form of RFC 3339.
func appendGivenOffset(dst, rest []byte) ([]byte, bool) {
	if len(rest) == 1 && (rest[0] == 'Z' || rest[0] == 'z') || string(rest) == "+00" {
		return append(dst, 'Z'), true
	}
	if len(rest) < 3 || (rest[0] != '+' && rest[0] != '-') || !isDigit(rest[1]) || !isDigit(rest[2]) {
		return dst, false
	}
	dst = append(append(dst, rest[:3]...), ':')
	switch minutes := rest[3:]; {
	case len(minutes) == 0:
		return append(dst, "00"...), true
	case len(minutes) == 2 && isDigit(minutes[0]) && isDigit(minutes[1]):
		return append(dst, minutes...), true
	case (len(minutes) == 3 || len(minutes) == 6) && minutes[0] == ':' && isDigit(minutes[1]) && isDigit(minutes[2]):
		return append(dst, minutes[1:3]...), true
	}
	return dst, false
}

func readDate(raw []byte, n *[6]int) bool {
	if len(raw) < 10 || raw[4] != '-' || raw[7] != '-' || (len(raw) > 10 && raw[10] != ' ' && raw[10] != 'T') {
		return false
	}
	a, okA := twoDigits(raw)
	b, okB := twoDigits(raw[2:])
	m, okM := twoDigits(raw[5:])
	d, okD := twoDigits(raw[8:])
	n[0], n[1], n[2] = a*100+b, m, d
	return okA && okB && okM && okD && m >= 1 && m <= 12 && d >= 1 && d <= 31
}

func readClock(raw []byte, n *[6]int) bool {
	if len(raw) < 19 || raw[13] != ':' || raw[16] != ':' {
		return false
	}
	var ok [3]bool
	n[3], ok[0] = twoDigits(raw[11:])
	n[4], ok[1] = twoDigits(raw[14:])
	n[5], ok[2] = twoDigits(raw[17:])
	return ok[0] && ok[1] && ok[2] && n[3] < 24 && n[4] < 60 && n[5] < 60
}

func twoDigits(b []byte) (int, bool) {
	x, y := b[0]-'0', b[1]-'0'
	return int(x)*10 + int(y), x <= 9 && y <= 9
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// naive is a time of a cursor column without regard to zone, and how it was written.
type naive struct {
	at   time.Time // in UTC, whatever the column means
	sep  byte      // between date and time; 0 for a date alone
	rest string    // what follows the fraction: "+00", "Z"
}

func parseNaive(s string) (naive, error) {
	var n [6]int
	raw := []byte(s)
	if !readDate(raw, &n) || (len(raw) > 10 && !readClock(raw, &n)) {
		return naive{}, fmt.Errorf("not a date or time")
	}
	out := naive{}
	nanos := 0
	if len(raw) > 10 {
		out.sep = raw[10]
		rest := s[19:]
		if len(rest) > 0 && rest[0] == '.' {
			end := 1
			for end < len(rest) && isDigit(rest[end]) {
				end++
			}
			f, _ := strconv.ParseFloat("0"+rest[:end], 64)
			nanos = int(f * 1e9)
			rest = rest[end:]
		}
		out.rest = rest
	}
	out.at = time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], nanos, time.UTC)
	return out, nil
}

// format writes t the way n was written, to the microsecond.
func (n naive) format(t time.Time) string {
	if n.sep == 0 {
		return t.Format("2006-01-02")
	}
	return t.Format("2006-01-02") + string(n.sep) + t.Format("15:04:05.999999") + n.rest
}
