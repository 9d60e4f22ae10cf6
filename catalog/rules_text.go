package catalog

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// text checks one text member: present if it must be, not over limit characters, no control characters, not padded.
// It reports whether all is well.
func (c checker) text(path, s string, limit int, required bool) bool {
	switch n := utf8.RuneCountInString(s); {
	case s == "":
		if required {
			c.bad(path, RuleRequired, "must be given")
			return false
		}
		return true
	case strings.TrimSpace(s) == "":
		c.bad(path, RuleRequired, "is blank")
		return false
	case n > limit:
		c.bad(path, RuleLength, "%d characters, at most %d are allowed", n, limit)
		return false
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }):
		c.bad(path, RuleForm, "has control characters")
		return false
	}
	return true
}

// date checks a day, YYYY-MM-DD; empty is well.
func (c checker) date(path, s string) bool {
	if s == "" {
		return true
	}
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		c.bad(path, RuleForm, "not a day like 2026-01-31")
		return false
	}
	return true
}

// plain reduces a name to what counts when two are compared: full-width forms are made half-width, ASCII letters small,
// spaces and punctuation dropped. The ranges are fixed here, not taken from Unicode tables that change between builds
// and would make two hubs disagree.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0xFF01 && r <= 0xFF5E {
			r -= 0xFF01 - '!'
		}
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r < 0xC0, r == 0xD7, r == 0xF7: // ASCII and Latin-1 punctuation
			return -1
		case r >= 0x2000 && r <= 0x206F, r >= 0x3000 && r <= 0x303F && r != 0x3005 && r != 0x3007: // keep 々 and 〇
			return -1
		case r >= 0xFE10 && r <= 0xFE1F, r >= 0xFE30 && r <= 0xFE6F, r >= 0xFF5F && r <= 0xFF65, r == 0xFEFF, r == 0x30FB:
			return -1
		}
		return r
	}, name)
}

func index(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

func join(path, member string) string {
	if path == "" {
		return member
	}
	return path + "." + member
}
