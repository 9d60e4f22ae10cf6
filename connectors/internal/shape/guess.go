package shape

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"datarun"
	"datarun/internal/rowjson"
)

// Column gathers samples of one column or member and guesses an item from them. The zero value is ready.
type Column struct {
	Title string // the header, or the member's name

	filled, numbers, integers, dates, times, bools int
	leadingZero                                    bool
	shortest, longest                              int // characters of the filled samples
	digits, scale                                  int // most digits before and after the point
	numeric                                        int // samples that were JSON numbers
	nested                                         int // samples that were JSON objects or arrays
	codes                                          [len(systems)]int
	seen                                           map[string]struct{}
	twice                                          bool
}

// Samples is how many records a draft is made from, at most.
const Samples = 1000

// Text takes one cell.
func (c *Column) Text(text []byte) {
	if text = bytes.TrimSpace(text); len(text) == 0 {
		c.twice = true // a key is never empty
		return
	}
	c.fill(text)
	if m, ok := parse(text); ok && !allDigits(text) || len(text) == 8 && plausible(m, ok) {
		if m.timed {
			c.times++
		} else {
			c.dates++
		}
	}
	if string(text) == "true" || string(text) == "false" {
		c.bools++
	}
	c.number(text)
	for i, system := range systems {
		if validCode(system, string(text)) {
			c.codes[i]++
		}
	}
}

// Field takes one member value.
func (c *Column) Field(f *rowjson.Field) {
	switch f.Kind {
	case rowjson.Null:
		c.twice = true
	case rowjson.String:
		c.Text(f.Text(nil))
	case rowjson.Number:
		c.numeric++
		c.fill(f.Value)
		c.number(f.Value)
	case rowjson.True, rowjson.False:
		c.bools++
		c.fill(f.Value)
	default:
		c.nested++
		c.fill(f.Value)
	}
}

func (c *Column) fill(text []byte) {
	n := utf8.RuneCount(text)
	if c.filled == 0 || n < c.shortest {
		c.shortest = n
	}
	c.longest = max(c.longest, n)
	c.filled++
	if c.seen == nil {
		c.seen = make(map[string]struct{})
	}
	if _, again := c.seen[string(text)]; again {
		c.twice = true
	}
	c.seen[string(text)] = struct{}{}
}

func (c *Column) number(text []byte) {
	unsigned := bytes.TrimPrefix(text, []byte("-"))
	whole, fraction, point := bytes.Cut(unsigned, []byte("."))
	if !allDigits(whole) || (point && !allDigits(fraction)) {
		return
	}
	c.numbers++
	if !point {
		c.integers++
	}
	if len(whole) > 1 && whole[0] == '0' {
		c.leadingZero = true
	}
	c.digits, c.scale = max(c.digits, len(whole)), max(c.scale, len(fraction))
}

// Item returns the guessed item. A column without samples is a C.
func (c *Column) Item() datarun.Item {
	item := datarun.Item{Name: itemName(c.Title), Title: c.Title, Type: datarun.Char}
	if string(item.Name) == c.Title {
		item.Title = ""
	}
	all := func(n int) bool { return c.filled > 0 && n == c.filled }
	item.Code = c.system()
	item.Personal = item.Code == datarun.ResidentID || personalTitle(c.Title)
	switch {
	case item.Code != "":
		item.Length = c.longest
	case all(c.nested):
		item.Type = datarun.General
	case all(c.dates):
		item.Type = datarun.Date
	case all(c.times):
		item.Type = datarun.DateTime
	case all(c.bools):
		item.Type = datarun.Bool
	case all(c.integers) && !c.codeLike():
		item.Type = datarun.Integer
	case all(c.numbers) && !c.leadingZero && c.digits+c.scale <= 38 && c.scale > 0:
		item.Type, item.Length, item.Scale = datarun.Numeric, max(18, c.digits+c.scale), c.scale
	case c.longest > 1000:
		item.Type = datarun.Memo
	default:
		item.Length = room(c.longest)
	}
	return item
}

// codeLike reports that digits name something rather than count it: a leading zero, more than an int64 holds, or all of
// one length such as telephone numbers have. JSON numbers count, whatever their length.
func (c *Column) codeLike() bool {
	if c.leadingZero || c.digits > 18 {
		return true
	}
	return c.numeric == 0 && c.shortest == c.longest && c.longest >= 6
}

// system returns the code system that most of the samples belong to: a few may be mistaken, that is what the hub is for.
// Six digits are too easily a division code: there, all must be.
func (c *Column) system() datarun.CodeSystem {
	for i, system := range systems {
		if c.codes[i] == 0 || c.numeric > 0 {
			continue
		}
		if c.codes[i] == c.filled || (system != datarun.Division && c.codes[i]*5 >= c.filled*4) {
			return system
		}
	}
	return ""
}

// Unique reports that the column could be a key: no sample was empty or came twice, and it is not a date, a time or a text.
func (c *Column) Unique() bool {
	return c.filled > 0 && !c.twice && c.dates == 0 && c.times == 0 && c.nested == 0 && c.longest <= 64 && c.scale == 0
}

func plausible(m moment, ok bool) bool { return ok && m.year >= 1900 && m.year <= 2100 }

func allDigits(s []byte) bool {
	for _, c := range s {
		if !isDigit(c) {
			return false
		}
	}
	return len(s) > 0
}

// room is the length proposed for texts of which the longest sample has n characters: twice that, rounded up.
func room(n int) int {
	length := 16
	for length < 2*n {
		length *= 2
	}
	return length
}

func personalTitle(title string) bool {
	for _, word := range []string{"姓名", "身份证", "证件号", "电话", "手机", "住址", "地址", "出生", "银行"} {
		if strings.Contains(title, word) {
			return true
		}
	}
	return false
}
