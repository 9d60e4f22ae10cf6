package check

import (
	"testing"

	"datarun"
)

const (
	wantDecimal = "type want a decimal number without exponent, plus sign, or zeros before it"
	wantInteger = "type want a whole number without plus sign or zeros before it"
	wantNumber  = "type want a number"
	wantBool    = "type want true, false, 1, 0, 是 or 否"
	wantDay     = "type want a day like 2006-01-02 that exists"
	wantInstant = "type want a time like 2006-01-02T15:04:05+08:00 that exists, with its zone"
	wantString  = "type want a string"
	wantMoment  = "range want a time of 1900 to 2299, as written and as China counts"
	want64      = "range want at most 64 bits: -9223372036854775808 to 9223372036854775807"
	wantFinite  = "range want a finite number that a float64 can hold"
	wantPair    = "syntax half of a surrogate pair in a string"
)

// valueVectors are values of house's items as JSON, each with rule and detail of its fault, "" when it is good.
var valueVectors = []struct{ item, value, fault string }{
	{"any", `"text"`, ""},
	{"any", `7`, wantString},
	{"any", `true`, wantString},
	{"any", `{}`, wantString},
	{"any", `[]`, wantString},
	{"any", `"\ud83d\ude00\\ud83d"`, ""},
	{"any", `"\ud83d"`, wantPair},
	{"any", `"\ud83dx"`, wantPair},
	{"any", `"\ud83d\n12345"`, wantPair},
	{"any", `"\ud83d\u0041"`, wantPair},
	{"any", `"\uDE00"`, wantPair},

	{"memo", `"any length"`, ""},
	{"memo", `1`, wantString},

	{"area", `"123.45"`, ""},
	{"area", `123.45`, ""},
	{"area", `"-999.99"`, ""},
	{"area", `0`, ""},
	{"area", `-0.0`, ""},
	{"area", `"7"`, ""},
	{"area", `"1000"`, "length at most 3 digits before the point"},
	{"area", `1000.00`, "length at most 3 digits before the point"},
	{"area", `"1.234"`, "length at most 2 digits after the point"},
	{"area", `"1.230"`, "length at most 2 digits after the point"},
	{"area", `1e2`, wantDecimal},
	{"area", `"1E2"`, wantDecimal},
	{"area", `"+1"`, wantDecimal},
	{"area", `"007"`, wantDecimal},
	{"area", `"1,5"`, wantDecimal},
	{"area", `"1."`, wantDecimal},
	{"area", `".5"`, wantDecimal},
	{"area", `"-"`, wantDecimal},
	{"area", `"."`, wantDecimal},
	{"area", `" 1"`, wantDecimal},
	{"area", `"1 "`, wantDecimal},
	{"area", `"１"`, wantDecimal},
	{"area", `"NaN"`, wantDecimal},
	{"area", `"0x1"`, wantDecimal},
	{"area", `"1.2.3"`, wantDecimal},
	{"area", `"\u0031.5"`, ""},
	{"area", `true`, wantDecimal},
	{"area", `[1]`, wantDecimal},
	{"only", `"0.25"`, ""},
	{"only", `"1.25"`, "length at most 0 digits before the point"},
	{"wide", `"12345678901234567890123456789012345678"`, ""},
	{"wide", `"123456789012345678901234567890123456789"`, "length at most 38 digits before the point"},
	{"wide", `"1.0"`, "length at most 0 digits after the point"},
	{"price", `"123456789012345678.25"`, ""},
	{"price", `"1234567890123456789"`, "length at most 18 digits before the point"},
	{"price", `"0.005"`, "length at most 2 digits after the point"},
	{"price", `"￥5"`, wantDecimal},

	{"n", `0`, ""},
	{"n", `-0`, ""},
	{"n", `"42"`, ""},
	{"n", `9223372036854775807`, ""},
	{"n", `-9223372036854775808`, ""},
	{"n", `9223372036854775808`, want64},
	{"n", `"-9223372036854775809"`, want64},
	{"n", `10000000000000000000`, want64},
	{"n", `1.0`, wantInteger},
	{"n", `1e3`, wantInteger},
	{"n", `"+1"`, wantInteger},
	{"n", `"01"`, wantInteger},
	{"n", `"-01"`, wantInteger},
	{"n", `"-"`, wantInteger},
	{"n", `"12a"`, wantInteger},
	{"n", `false`, wantInteger},
	{"n", `{"a":1}`, wantInteger},

	{"x", `1.5`, ""},
	{"x", `"1.5e-7"`, ""},
	{"x", `1E+308`, ""},
	{"x", `1e309`, wantFinite},
	{"x", `"-1e999"`, wantFinite},
	{"x", `1e-999`, ""},
	{"x", `"Inf"`, wantNumber},
	{"x", `"NaN"`, wantNumber},
	{"x", `"1e"`, wantNumber},
	{"x", `"1e+"`, wantNumber},
	{"x", `"1_0"`, wantNumber},
	{"x", `"e5"`, wantNumber},
	{"x", `true`, wantNumber},
	{"y", `-2`, ""},
	{"y", `1e400`, wantFinite},
	{"y", `"x"`, wantNumber},

	{"built", `"2026-02-28"`, ""},
	{"built", `"2024-02-29"`, ""},
	{"built", `"2000-02-29"`, ""},
	{"built", `"1900-01-01"`, ""},
	{"built", `"2299-12-31"`, ""},
	{"built", `"1899-12-31"`, "range want a day of 1900 to 2299"},
	{"built", `"2300-01-01"`, "range want a day of 1900 to 2299"},
	{"built", `"2026-02-29"`, wantDay},
	{"built", `"1900-02-29"`, wantDay},
	{"built", `"2026-04-31"`, wantDay},
	{"built", `"2026-13-01"`, wantDay},
	{"built", `"2026-00-01"`, wantDay},
	{"built", `"2026-01-00"`, wantDay},
	{"built", `"2026-1-1"`, wantDay},
	{"built", `"2026/01/01"`, wantDay},
	{"built", `"20260101"`, wantDay},
	{"built", `"2026-01-01T00:00:00Z"`, wantDay},
	{"built", `"2o26-01-01"`, wantDay},
	{"built", `20260101`, wantDay},

	{"at", `"2026-01-02T10:00:00+08:00"`, ""},
	{"at", `"2026-01-02T10:00:00Z"`, ""},
	{"at", `"2026-01-02T10:00:00.123-11:30"`, ""},
	{"at", `"2024-02-29T23:59:59.9+08:00"`, ""},
	{"at", `"1900-01-01T00:00:00+08:00"`, ""},
	{"at", `"1899-12-31T16:00:00Z"`, wantMoment},
	{"at", `"1900-01-01T00:00:00+09:00"`, wantMoment},
	{"at", `"1900-01-01T00:00:00Z"`, ""},
	{"at", `"2299-12-31T23:59:59.999+08:00"`, ""},
	{"at", `"2299-12-31T16:00:00Z"`, wantMoment},
	{"at", `"2300-01-01T00:00:00+08:00"`, wantMoment},
	{"at", `"2300-01-01T00:00:00+09:00"`, wantMoment},
	{"at", `"0001-01-01T00:00:00Z"`, wantMoment},
	{"at", `"2026-01-02T10:00:00.1234+08:00"`, "length at most 3 digits of a second"},
	{"at", `"2026-01-02T10:00:00"`, wantInstant},
	{"at", `"2026-01-02T10:00:00.5"`, wantInstant},
	{"at", `"2026-01-02 10:00:00+08:00"`, wantInstant},
	{"at", `"2026-01-02T10:00+08:00"`, wantInstant},
	{"at", `"2026-01-02T10:00:00.+08:00"`, wantInstant},
	{"at", `"2026-01-02T10:00:00+0800"`, wantInstant},
	{"at", `"2026-01-02T10:00:00+24:00"`, wantInstant},
	{"at", `"2026-01-02T10:00:00+08:60"`, wantInstant},
	{"at", `"2026-01-02T24:00:00+08:00"`, wantInstant},
	{"at", `"2026-01-02T10:60:00+08:00"`, wantInstant},
	{"at", `"2026-01-02T23:59:60Z"`, wantInstant},
	{"at", `"2026-02-30T10:00:00Z"`, wantInstant},
	{"at", `"2026-01-02t10:00:00z"`, wantInstant},
	{"at", `"2026-01-02"`, wantInstant},
	{"at", `1767319200`, wantInstant},
	{"at", `null`, ""},

	{"ok", `true`, ""},
	{"ok", `false`, ""},
	{"ok", `"true"`, ""},
	{"ok", `"false"`, ""},
	{"ok", `"1"`, ""},
	{"ok", `"0"`, ""},
	{"ok", `1`, ""},
	{"ok", `0`, ""},
	{"ok", `"是"`, ""},
	{"ok", `"否"`, ""},
	{"ok", `"\u662f"`, ""},
	{"ok", `"TRUE"`, wantBool},
	{"ok", `"Y"`, wantBool},
	{"ok", `2`, wantBool},
	{"ok", `1.0`, wantBool},
	{"ok", `[]`, wantBool},

	{"extra", `{"a":[1,null,{"b":"c"}]}`, ""},
	{"extra", `[]`, ""},
	{"extra", `"text"`, ""},
	{"extra", `1e999`, ""},
	{"extra", `true`, ""},
	{"extra", `"\ud83d"`, wantPair},

	{"person", `"11010519491231002X"`, ""},
	{"person", `"110105194912310021"`, "code resident id: position 18: check character does not match"},
	{"person", `"11010519491231002x"`, "code resident id: position 18: want a digit or a capital X"},
	{"person", `"110105194902310021"`, "code resident id: positions 7-14: date does not exist"},
	{"person", `"1101051949123100210"`, "length at most 18 characters"},
	{"person", `110105194912310021`, wantString},
	{"firm", `"91350100M000100Y43"`, ""},
	{"firm", `"91440300708461136X"`, "code credit code: position 18: check character does not match"},
	{"org", `"D2143569-X"`, ""},
	{"org", `"D2143569-1"`, "code organisation code: position 10: check character does not match"},
	{"place", `"420704"`, ""},
	{"place", `"420799"`, "code division code: not in the table of GB/T 2260 codes, neither in force nor retired"},
	{"licence", `"1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9"`, ""},
	{"licence", `"1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.8"`, "code certificate id: check character does not match"},
}

// TestLengthCountsCharacters: the standard's lengths are characters, not bytes.
func TestLengthCountsCharacters(t *testing.T) {
	c := newTestChecker(t, house)
	for value, fits := range map[string]bool{
		"鄂州市房屋": true, "鄂州市房屋x": false, "abcde": true, "abcdef": false, "𠮷𠮷𠮷𠮷𠮷": true, "𠮷𠮷𠮷𠮷𠮷𠮷": false,
		`\u9102\u5dde\n\"\\`: true, `\ud842\udfb7abcd`: true, `\ud842\udfb7abcde`: false,
	} {
		rec := datarun.Record{Data: []byte(`{"id":7,"part":"a","名称":"` + value + `"}`)}
		_, fault := c.Record(&rec, nil)
		want := "length 名称: at most 5 characters"
		if fits {
			want = ""
		}
		if got := line(fault); got != want {
			t.Errorf("%s: got %q, want %q", value, got, want)
		}
	}
}
