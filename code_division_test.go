package datarun

import (
	"strings"
	"testing"
)

func TestDivisionAt(t *testing.T) {
	tests := []struct {
		code DivisionCode
		day  string
		want string // name
		kind Kind
	}{
		{"420704", "2026-01-01", "鄂城区", 0},
		{"420703", "1985-06-01", "黄州区", 0},
		{"420703", "1987-06-01", "华容区", 0}, // the year of the change: the new meaning
		{"420703", "2026-06-01", "华容区", 0},
		{"420700", "2026-06-01", "鄂州市", 0},
		{"420000", "1970-01-01", "湖北省", 0},
		{"110103", "2009-12-31", "崇文区", 0},
		{"110103", "2010-12-31", "崇文区", 0},
		{"110103", "2011-01-01", "", NotFound},
		{"420704", "1970-01-01", "", NotFound},
		{"110118", "2014-12-31", "", NotFound}, // 密云 became a district in 2015
		{"110118", "2015-01-01", "密云区", 0},
		{"429000", "2026-01-01", "省直辖县级行政单位", 0},
		{"500157", "2026-02-01", "两江新区", 0},
		{"420799", "2026-01-01", "", Invalid},
		{"420704", "2026-02-29", "", Invalid},
		{"420704", "today", "", Invalid},
	}
	for _, tt := range tests {
		got, err := DivisionAt(tt.code, tt.day)
		if (err != nil && KindOf(err) != tt.kind) || (err == nil) != (tt.want != "") || got.Name != tt.want {
			t.Errorf("%s on %s: %+v, %v", tt.code, tt.day, got, err)
		}
	}
}

func TestDivisionHistory(t *testing.T) {
	got := DivisionHistory("420703")
	want := []DivisionEntry{{"420703", "黄州区", "1984-01-01", "1987-12-31"}, {"420703", "华容区", "1987-01-01", ""}}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %v", got)
	}
	if got := DivisionHistory("420799"); got != nil {
		t.Errorf("unknown code: %v", got)
	}
}

func TestDivisionLevel(t *testing.T) {
	for code, want := range map[DivisionCode]DivisionLevel{
		"420000": ProvinceLevel, "420700": CityLevel, "429000": CityLevel, "420704": CountyLevel, "42070": 0, "42070x": 0, "": 0,
	} {
		if got := code.Level(); got != want {
			t.Errorf("%s: level %d, want %d", code, got, want)
		}
	}
	if got := DivisionCode("420704").Province(); got != "420000" {
		t.Errorf("province %s", got)
	}
	if got := DivisionCode("4207").Province(); got != "" {
		t.Errorf("province of no code %s", got)
	}
}

// TestDivisionTable holds the embedded table to the form that the reader relies on, and to the standard.
func TestDivisionTable(t *testing.T) {
	d := loadDivisions()
	if n := strings.Count(divisionTable, "\n"); n != len(d.rows) || n < 8000 {
		t.Fatalf("%d rows of %d lines", len(d.rows), n)
	}
	inForce := 0
	for i, r := range d.rows {
		e := r.entry()
		if err := checkDivision(e.Code); err != nil || r.name == "" || r.name != strings.TrimSpace(r.name) {
			t.Errorf("row %d: %+v, %v", i, r, err)
		}
		if r.until != 0 && r.from > r.until {
			t.Errorf("row %d ends before it begins: %+v", i, r)
		}
		if i > 0 && (d.rows[i-1].code > r.code || d.rows[i-1].code == r.code && d.rows[i-1].from >= r.from) {
			t.Errorf("row %d is out of order: %+v", i, r)
		}
		if e.Code.Level() != ProvinceLevel && d.known[number(e.Code.Province(), 0, 6)/64] == 0 {
			t.Errorf("row %d: its province is not in the table", i)
		}
		if r.until == 0 && e.Code.Level() == ProvinceLevel {
			inForce++
		}
		if e.Code.Level() == ProvinceLevel && !residentProvince(int(r.code/10000)) {
			t.Errorf("row %d: a province that resident ids do not know", i)
		}
	}
	if inForce != 34 {
		t.Errorf("%d provinces in force, want 34", inForce)
	}
}
