package files

import (
	"math"
	"strconv"
	"time"

	"datarun"
)

// appendSerial appends the moment that a serial number of Excel means: "2006-01-02" for a whole day, unless a DateTime
// is wanted, "15:04:05" below one, "2006-01-02 15:04:05" otherwise, to the millisecond.
func appendSerial(dst, serial []byte, base1904 bool, kind datarun.ItemType) ([]byte, bool) {
	days, err := strconv.ParseFloat(string(serial), 64)
	if err != nil || !(days >= 0 && days < 2958466) { // 9999-12-31
		return dst, false
	}
	base := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case base1904:
		base = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case days >= 60 && days < 61:
		return dst, false // 1900-02-29, which Excel believes in
	case days < 60:
		base = base.AddDate(0, 0, 1)
	}
	whole := math.Floor(days)
	milli := int64(math.Round((days - whole) * 86400000))
	at := base.AddDate(0, 0, int(whole)).Add(time.Duration(milli) * time.Millisecond)
	switch {
	case whole == 0 && !base1904:
		return at.AppendFormat(dst, "15:04:05.999"), true
	case milli == 0 && kind != datarun.DateTime:
		return at.AppendFormat(dst, time.DateOnly), true
	}
	return at.AppendFormat(dst, "2006-01-02 15:04:05.999"), true
}

// appendNumber appends a number of a sheet in plain decimal digits, rounded to the 15 that Excel shows and keeps. exact
// is false when it has more before its point than that: such a number has lost its last digits before it came here.
func appendNumber(dst, raw []byte) (out []byte, exact bool) {
	if len(raw) <= 15 && plainDigits(raw) {
		return append(dst, raw...), true
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return append(dst, raw...), true // for the hub to judge
	}
	if math.Abs(f) >= 1e15 {
		return dst, false
	}
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'g', 15, 64), 64)
	return strconv.AppendFloat(dst, rounded, 'f', -1, 64), true
}

func plainDigits(s []byte) bool {
	for _, c := range s {
		if (c < '0' || c > '9') && c != '.' && c != '-' {
			return false
		}
	}
	return true
}
