package shape

import "bytes"

// moment is a civil date with an optional time of day, as parse found it. Its slices alias the input.
type moment struct {
	year, month, day     int
	hour, minute, second int
	timed                bool   // a time of day was given
	fraction             []byte // digits after the point of the seconds, without trailing zeros
	zone                 []byte // as given, empty for none
}

// parse reads a date in one of the layouts whose order of year, month and day is beyond doubt, and a time after it:
// 2006-01-02, 2006/1/2, 2006.1.2, 2006年1月2日, 20060102; 15:04, 15:04:05, 15:04:05.999, 150405 after a compact date.
func parse(s []byte) (m moment, ok bool) {
	s = bytes.TrimSpace(s)
	if m.year, s, ok = number(s, 4, 4); !ok {
		return m, false
	}
	compact := len(s) > 0 && isDigit(s[0])
	if compact {
		if m.month, s, ok = number(s, 2, 2); !ok {
			return m, false
		}
		if m.day, s, ok = number(s, 2, 2); !ok {
			return m, false
		}
	} else if s, ok = m.monthDay(s); !ok {
		return m, false
	}
	if !m.realDay() {
		return m, false
	}
	if len(s) == 0 {
		return m, true
	}
	m.timed = true
	return m, m.clock(s, compact)
}

// monthDay reads "-01-02", "/1/2", ".1.2" or "年1月2日" and returns what follows.
func (m *moment) monthDay(s []byte) (rest []byte, ok bool) {
	if after, han := bytes.CutPrefix(s, []byte("年")); han {
		if m.month, s, ok = number(after, 1, 2); !ok {
			return s, false
		}
		if s, ok = bytes.CutPrefix(s, []byte("月")); !ok {
			return s, false
		}
		if m.day, s, ok = number(s, 1, 2); !ok {
			return s, false
		}
		return bytes.CutPrefix(s, []byte("日"))
	}
	if len(s) == 0 || (s[0] != '-' && s[0] != '/' && s[0] != '.') {
		return s, false
	}
	separator := s[0]
	if m.month, s, ok = number(s[1:], 1, 2); !ok || len(s) == 0 || s[0] != separator {
		return s, false
	}
	m.day, s, ok = number(s[1:], 1, 2)
	return s, ok
}

// clock reads the time of day that s is, with the zone after it.
func (m *moment) clock(s []byte, compact bool) (ok bool) {
	if compact && isDigit(s[0]) {
		if m.hour, s, ok = number(s, 2, 2); !ok {
			return false
		}
		if m.minute, s, ok = number(s, 2, 2); !ok {
			return false
		}
		if m.second, s, ok = number(s, 2, 2); !ok {
			return false
		}
		return m.hour < 24 && m.minute < 60 && m.second < 60 && m.zoned(s)
	}
	if s[0] != ' ' && s[0] != 'T' && s[0] != 't' {
		return false
	}
	if m.hour, s, ok = number(bytes.TrimLeft(s[1:], " "), 1, 2); !ok || len(s) == 0 || s[0] != ':' {
		return false
	}
	if m.minute, s, ok = number(s[1:], 2, 2); !ok {
		return false
	}
	if len(s) > 0 && s[0] == ':' {
		if m.second, s, ok = number(s[1:], 2, 2); !ok {
			return false
		}
		if len(s) > 1 && s[0] == '.' && isDigit(s[1]) {
			n := 1
			for n < len(s) && isDigit(s[n]) {
				n++
			}
			m.fraction = bytes.TrimRight(s[1:n], "0")
			s = s[n:]
		}
	}
	return m.hour < 24 && m.minute < 60 && m.second < 60 && m.zoned(s)
}

// zoned takes the rest of the text as the zone: nothing, Z, +08:00, +0800 or +08.
func (m *moment) zoned(s []byte) bool {
	s = bytes.TrimLeft(s, " ")
	m.zone = s
	if len(s) == 0 || string(s) == "Z" || string(s) == "z" {
		return true
	}
	if s[0] != '+' && s[0] != '-' {
		return false
	}
	hour, rest, ok := number(s[1:], 2, 2)
	if !ok || hour > 14 {
		return false
	}
	if len(rest) == 0 {
		return true
	}
	if rest[0] == ':' {
		rest = rest[1:]
	}
	minute, rest, ok := number(rest, 2, 2)
	return ok && len(rest) == 0 && minute < 60
}

func (m *moment) realDay() bool {
	if m.month < 1 || m.month > 12 || m.day < 1 {
		return false
	}
	last := 31
	switch m.month {
	case 4, 6, 9, 11:
		last = 30
	case 2:
		last = 28
		if m.year%4 == 0 && (m.year%100 != 0 || m.year%400 == 0) {
			last = 29
		}
	}
	return m.day <= last
}

// midnight reports that no time of day, or only its zero, was given, and no zone.
func (m *moment) midnight() bool {
	return m.hour == 0 && m.minute == 0 && m.second == 0 && len(m.fraction) == 0 && len(m.zone) == 0
}

func (m *moment) appendDate(dst []byte) []byte {
	dst = append(dst, byte('0'+m.year/1000), byte('0'+m.year/100%10))
	dst = append(two(dst, m.year%100), '-')
	return two(append(two(dst, m.month), '-'), m.day)
}

func (m *moment) appendTime(dst []byte, zone Zone) []byte {
	dst = append(m.appendDate(dst), 'T')
	dst = two(append(two(append(two(dst, m.hour), ':'), m.minute), ':'), m.second)
	if len(m.fraction) > 0 {
		dst = append(append(dst, '.'), m.fraction...)
	}
	switch z := m.zone; {
	case len(z) == 0:
		return append(dst, zone...)
	case len(z) == 1:
		return append(dst, 'Z')
	case len(z) == 3:
		return append(append(dst, z...), ":00"...)
	case len(z) == 5:
		return append(append(append(dst, z[:3]...), ':'), z[3:]...)
	default:
		return append(dst, z...)
	}
}

// number reads least to most digits; more digits than that stay for the caller to stumble over.
func number(s []byte, least, most int) (n int, rest []byte, ok bool) {
	i := 0
	for i < len(s) && i < most && isDigit(s[i]) {
		n = n*10 + int(s[i]-'0')
		i++
	}
	return n, s[i:], i >= least
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func two(dst []byte, n int) []byte { return append(dst, byte('0'+n/10), byte('0'+n%10)) }
