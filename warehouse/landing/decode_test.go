package landing

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"datarun"
)

// every is an entry with an item of each type, none of them required.
func every() *datarun.Resource {
	return &datarun.Resource{Code: "306001/000001", Key: []datarun.ItemName{"k"}, Items: []datarun.Item{
		{Name: "k", Type: datarun.Char, Required: true},
		{Name: "c", Type: datarun.Char, Length: 3},
		{Name: "n9", Type: datarun.Numeric, Length: 9, Scale: 2},
		{Name: "n18", Type: datarun.Numeric, Length: 18, Scale: 4},
		{Name: "n38", Type: datarun.Numeric, Length: 38, Scale: 10},
		{Name: "n76", Type: datarun.Numeric, Length: 76},
		{Name: "y", Type: datarun.Currency},
		{Name: "d", Type: datarun.Date},
		{Name: "t", Type: datarun.DateTime},
		{Name: "l", Type: datarun.Bool},
		{Name: "m", Type: datarun.Memo},
		{Name: "g", Type: datarun.General},
		{Name: "b", Type: datarun.Double},
		{Name: "i", Type: datarun.Integer},
		{Name: "f", Type: datarun.Float},
	}}
}

func newBlock(t testing.TB, r *datarun.Resource) (*block, *decoder) {
	t.Helper()
	l, err := newLayout(r, "datarun")
	if err != nil {
		t.Fatal(err)
	}
	b, d := &block{}, &decoder{}
	b.reset(l)
	d.use(l)
	return b, d
}

func TestDecodeRefuses(t *testing.T) {
	tests := []struct {
		value string
		rule  datarun.Rule
		item  datarun.ItemName
	}{
		{`{`, datarun.RuleSyntax, ""},
		{`[]`, datarun.RuleSyntax, ""},
		{`{}`, datarun.RuleRequired, "k"},
		{`{"k":null}`, datarun.RuleRequired, "k"},
		{`{"k":""}`, datarun.RuleRequired, "k"},
		{`{"k":"a","k":"b"}`, datarun.RuleTwice, "k"},
		{`{"k":"a","zzz":1}`, datarun.RuleUnknown, ""},
		{`{"k":1}`, datarun.RuleType, "k"},
		{`{"k":"a","c":"鄂州市区"}`, datarun.RuleLength, "c"},
		{`{"k":"a","c":["x"]}`, datarun.RuleType, "c"},
		{`{"k":"a","n9":"12345678.90"}`, datarun.RuleLength, "n9"},
		{`{"k":"a","n9":"1.234"}`, datarun.RuleLength, "n9"},
		{`{"k":"a","n9":1e9}`, datarun.RuleLength, "n9"},
		{`{"k":"a","n9":"1.2.3"}`, datarun.RuleType, "n9"},
		{`{"k":"a","n9":"."}`, datarun.RuleType, "n9"},
		{`{"k":"a","n9":"-"}`, datarun.RuleType, "n9"},
		{`{"k":"a","n9":"1e"}`, datarun.RuleType, "n9"},
		{`{"k":"a","n9":"0x10"}`, datarun.RuleType, "n9"},
		{`{"k":"a","n9":true}`, datarun.RuleType, "n9"},
		{`{"k":"a","n76":"1` + strings.Repeat("0", 76) + `"}`, datarun.RuleLength, "n76"},
		{`{"k":"a","d":"2023-02-29"}`, datarun.RuleType, "d"},
		{`{"k":"a","d":"1899-12-31"}`, datarun.RuleRange, "d"},
		{`{"k":"a","d":"2300-01-01"}`, datarun.RuleRange, "d"},
		{`{"k":"a","d":"2023/01/01"}`, datarun.RuleType, "d"},
		{`{"k":"a","d":20230101}`, datarun.RuleType, "d"},
		{`{"k":"a","t":"2023-01-01T10:00:00"}`, datarun.RuleType, "t"},
		{`{"k":"a","t":"2023-01-01T24:00:00Z"}`, datarun.RuleType, "t"},
		{`{"k":"a","t":"2023-01-01T10:00:00.1234Z"}`, datarun.RuleType, "t"},
		{`{"k":"a","t":"1899-12-31T23:59:59+08:00"}`, datarun.RuleRange, "t"},
		{`{"k":"a","t":"2299-12-31T23:59:59-01:00"}`, datarun.RuleRange, "t"},
		{`{"k":"a","l":"yes"}`, datarun.RuleType, "l"},
		{`{"k":"a","l":2}`, datarun.RuleType, "l"},
		{`{"k":"a","b":"NaN"}`, datarun.RuleType, "b"},
		{`{"k":"a","b":"0x1p4"}`, datarun.RuleType, "b"},
		{`{"k":"a","b":1e999}`, datarun.RuleRange, "b"},
		{`{"k":"a","i":9223372036854775808}`, datarun.RuleRange, "i"},
		{`{"k":"a","i":"-9223372036854775809"}`, datarun.RuleRange, "i"},
		{`{"k":"a","i":1.5}`, datarun.RuleType, "i"},
		{`{"k":"a","i":{}}`, datarun.RuleType, "i"},
	}
	b, d := newBlock(t, every())
	good := datarun.Message{Key: []byte("a"), Value: []byte(`{"k":"a","c":"x","n9":"1.5","g":[1,"二"],"m":"long"}`)}
	if f := d.decode(b, &good, 0, 0); f != nil {
		t.Fatal(f)
	}
	before := contents(b)
	for _, tt := range tests {
		f := d.decode(b, &datarun.Message{Key: []byte("a"), Value: []byte(tt.value)}, 0, 0)
		if f == nil || f.Rule != tt.rule || f.Item != tt.item {
			t.Errorf("%s: fault %+v, want rule %s of item %q", tt.value, f, tt.rule, tt.item)
		}
		if after := contents(b); !bytes.Equal(before, after) || b.rows != 1 {
			t.Fatalf("%s: the refused row left something behind", tt.value)
		}
	}
	for _, m := range []datarun.Message{{Value: good.Value}, {Key: []byte("\xff"), Value: good.Value}, {Key: []byte("a"), Offset: 1 << 48}, {Key: []byte("a"), Value: make([]byte, datarun.MaxRecord+1)}} {
		if f := d.decode(b, &m, 0, 0); f == nil {
			t.Errorf("a message with key %q, offset %d is taken", m.Key, m.Offset)
		}
	}
}

// contents are all bytes of a block, one column after the other.
func contents(b *block) []byte {
	var all []byte
	for i := range ownColumns + len(b.layout.fields) {
		all = append(append(all, b.bytes(i)...), 0xAA)
		if i >= ownColumns {
			all = append(append(all, b.columns[i-ownColumns].nulls...), 0xBB)
		}
	}
	return all
}

func TestDecimalDigits(t *testing.T) {
	nines := strings.Repeat("9", 76)
	tests := []struct {
		text             string
		precision, scale int
		want             string // the unscaled number
	}{
		{"0", 9, 2, "0"}, {"-0", 9, 2, "0"}, {"-0.00", 9, 2, "0"}, {"1.5", 9, 2, "150"}, {"-1.5", 9, 2, "-150"},
		{"1.500", 9, 2, "150"}, {"9999999.99", 9, 2, "999999999"}, {"-9999999.99", 9, 2, "-999999999"}, {"1e2", 9, 2, "10000"},
		{"15e-1", 9, 2, "150"}, {"1500E-3", 9, 2, "150"}, {"0.07", 9, 2, "7"}, {"007", 9, 2, "700"}, {"0e500", 9, 2, "0"},
		{"99999999999999.9999", 18, 4, "999999999999999999"}, {"-0.0001", 18, 4, "-1"},
		{"-" + nines[:28] + "." + nines[:10], 38, 10, "-" + nines[:38]}, {"18446744073709551616", 38, 0, "18446744073709551616"},
		{nines, 76, 0, nines}, {"-" + nines, 76, 0, "-" + nines}, {"-1", 76, 0, "-1"},
	}
	for _, tt := range tests {
		f := field{precision: tt.precision, scale: tt.scale}
		item := datarun.Item{Type: datarun.Numeric, Length: tt.precision, Scale: tt.scale}
		f.kind = kindOf(&item)
		var c column
		if rule, _ := c.decimal(&f, []byte(tt.text)); rule != "" {
			t.Errorf("%s of %d,%d: %s", tt.text, tt.precision, tt.scale, rule)
			continue
		}
		if got := signed(c.data); got.String() != tt.want || len(c.data) != width(f.kind) {
			t.Errorf("%s of %d,%d = %s in %d bytes, want %s", tt.text, tt.precision, tt.scale, got, len(c.data), tt.want)
		}
	}
}

// signed reads a little-endian two's complement number.
func signed(b []byte) *big.Int {
	be := make([]byte, len(b))
	for i := range b {
		be[len(b)-1-i] = b[i]
	}
	n := new(big.Int).SetBytes(be)
	if be[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return n
}

// Every day of the range, against the standard library.
func TestParseDateEveryDay(t *testing.T) {
	end := time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC)
	for day := time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC); day.Before(end); day = day.AddDate(0, 0, 1) {
		got, rule := parseDate([]byte(day.Format(time.DateOnly)))
		if rule != "" || int64(got) != day.Unix()/86400 {
			t.Fatalf("%s: %d %s", day.Format(time.DateOnly), got, rule)
		}
	}
}

func FuzzParseDateTime(f *testing.F) {
	for _, s := range []string{"2026-01-02T15:04:05+08:00", "1900-01-01T00:00:00.5Z", "2299-12-31t23:59:59.123000-11:30", "1988-07-01 00:00:00.1+08:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ms, rule := parseDateTime([]byte(s))
		if rule != "" {
			return
		}
		want, err := time.Parse(time.RFC3339Nano, strings.ToUpper(strings.Replace(s, " ", "T", 1)))
		if err != nil {
			t.Fatalf("%q is taken, the standard library says %v", s, err)
		}
		if want.UnixMilli() != ms {
			t.Fatalf("%q is %d, want %d", s, ms, want.UnixMilli())
		}
	})
}

func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"0", "-1.50", "1e3", "99999.99", "1E-2", "00.1", "+5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 200 {
			return
		}
		for _, p := range [][2]int{{9, 2}, {18, 0}, {38, 10}, {76, 38}} {
			fl := field{precision: p[0], scale: p[1]}
			fl.kind = kindOf(&datarun.Item{Type: datarun.Numeric, Length: p[0], Scale: p[1]})
			var c column
			if rule, _ := c.decimal(&fl, []byte(s)); rule != "" {
				continue
			}
			want, ok := new(big.Rat).SetString(s)
			if !ok {
				t.Fatalf("%q is taken and is no number", s)
			}
			want.Mul(want, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(p[1])), nil)))
			if got := new(big.Rat).SetInt(signed(c.data)); got.Cmp(want) != 0 {
				t.Fatalf("%q of %v is %s, want %s", s, p, got, want)
			}
		}
	})
}

// FuzzDecode holds what a block must be whatever came: every column as long as the block has rows, and a refused
// message without a trace.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("a"), []byte(`{"k":"a","c":"x","n9":"1.5","n18":2,"n38":"-3","n76":4,"y":"5.55","d":"2020-02-29","t":"2020-02-29T00:00:00Z","l":true,"m":"\u4e2d","g":{"x":[1]},"b":1e3,"i":-7,"f":"0.1"}`))
	f.Add([]byte("a"), []byte(`{"k":"a","c":"x","n9":"","l":"否","zz":1}`))
	f.Add([]byte("a"), []byte(nil))
	f.Fuzz(func(t *testing.T, key, value []byte) {
		b, d := newBlock(t, every())
		m := datarun.Message{Key: []byte("a"), Value: []byte(`{"k":"a","m":"before"}`)}
		if fault := d.decode(b, &m, 1, 2); fault != nil {
			t.Fatal(fault)
		}
		before := contents(b)
		fault := d.decode(b, &datarun.Message{Key: key, Value: value, Offset: 7}, 1, 2)
		if fault != nil && !bytes.Equal(before, contents(b)) {
			t.Fatalf("refused (%s) and yet in the block", fault.Rule)
		}
		if fault := d.decode(b, &m, 1, 2); fault != nil {
			t.Fatal(fault)
		}
		checkLengths(t, b)
	})
}

func checkLengths(t *testing.T, b *block) {
	t.Helper()
	count := func(name string, data []byte, width int) {
		rows := 0
		for len(data) > 0 {
			n := uint64(width)
			if width == 0 {
				length, size := binary.Uvarint(data)
				n = length + uint64(size)
			}
			data = data[n:]
			rows++
		}
		if rows != b.rows {
			t.Fatalf("%s has %d values, the block %d rows", name, rows, b.rows)
		}
	}
	for i, w := range []int{0, 8, 8, 2, 1} {
		count(fmt.Sprint("own column ", i), b.bytes(i), w)
	}
	for i, f := range b.layout.fields {
		count(string(f.name), b.columns[i].data, f.width)
		if !f.required {
			count(string(f.name)+" nulls", b.columns[i].nulls, 1)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	r := &datarun.Resource{Code: "306001/000001", Items: []datarun.Item{
		{Name: "id", Type: datarun.Integer, Required: true}, {Name: "name", Type: datarun.Char, Length: 100}, {Name: "code", Type: datarun.Char, Length: 18},
		{Name: "area", Type: datarun.Numeric, Length: 12, Scale: 2}, {Name: "built", Type: datarun.Date}, {Name: "updated", Type: datarun.DateTime}, {Name: "valid", Type: datarun.Bool},
	}}
	bl, d := newBlock(b, r)
	m := datarun.Message{Key: []byte("123456"), Time: time.Now(), Value: []byte(`{"id":123456,"name":"鄂城区凤凰街道12号","code":"914207000123456789","area":"128.55","built":"1998-05-01","updated":"2026-01-02T10:00:00+08:00","valid":true}`)}
	b.SetBytes(int64(len(m.Value)))
	b.ReportAllocs()
	for b.Loop() {
		if bl.rows == 10_000 {
			bl.reset(bl.layout)
		}
		if f := d.decode(bl, &m, 0, 0); f != nil {
			b.Fatal(f)
		}
	}
}
