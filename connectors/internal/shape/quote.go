package shape

import (
	"encoding/binary"

	"datarun/internal/rowjson"
)

// AppendQuoted appends text, which must be valid UTF-8, as a JSON string. It is rowjson.AppendString for text that was
// checked already: a whole cell is copied at once when nothing in it needs an escape.
func AppendQuoted(dst, text []byte) []byte {
	if isPlain(text) {
		dst = append(dst, '"')
		dst = append(dst, text...)
		return append(dst, '"')
	}
	return rowjson.AppendString(dst, text)
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// isPlain reports that text has no quote, backslash or control character. It looks at eight bytes at once: a byte is
// below n when subtracting n from it borrows and its own high bit was clear.
func isPlain(text []byte) bool {
	for len(text) >= 8 {
		x := binary.LittleEndian.Uint64(text)
		control := (x - ones*0x20) &^ x
		quote := x ^ ones*'"'
		slash := x ^ ones*'\\'
		found := control | ((quote - ones) &^ quote) | ((slash - ones) &^ slash)
		if found&highs != 0 {
			return false
		}
		text = text[8:]
	}
	for _, c := range text {
		if c < 0x20 || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
