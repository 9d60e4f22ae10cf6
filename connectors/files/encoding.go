package files

import (
	"bytes"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/transform"
)

// The encodings that detect finds. GBK is read as its superset GB18030.
const (
	utf8Text  = "utf-8"
	gb18030   = "gb18030"
	utf16Text = "utf-16"
)

var byteOrderMark = []byte("\xef\xbb\xbf")

// detectWindow is how much text from the first non-ASCII byte on decides over the encoding.
const detectWindow = 64 << 10

// detect tells the encoding of a file and how long its byte order mark is. A mark decides; else the lines from the first
// one that is not ASCII on, as many as fit the window: UTF-8 when most of those that are not ASCII are valid UTF-8, else
// GB18030. So one damaged row does not turn a whole file into nonsense, and an ASCII head proves nothing. The same file
// always gives the same answer, which a resumed read relies on.
func detect(f io.ReaderAt, size int64) (encoding string, mark int64, err error) {
	head := make([]byte, 3)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return "", 0, err
	}
	switch head = head[:n]; {
	case bytes.Equal(head, byteOrderMark):
		return utf8Text, 3, nil
	case bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")):
		return utf16Text, 2, nil
	}
	at, err := firstForeign(f, size)
	if err != nil || at < 0 {
		return utf8Text, 0, err
	}
	window := make([]byte, min(detectWindow, size-at))
	if n, err = f.ReadAt(window, at); err != nil && err != io.EOF {
		return "", 0, err
	}
	if mostlyUTF8(window[:n], at+int64(n) >= size) {
		return utf8Text, 0, nil
	}
	return gb18030, 0, nil
}

// firstForeign returns the offset of the first byte that is not ASCII, -1 when there is none.
func firstForeign(f io.ReaderAt, size int64) (int64, error) {
	block := make([]byte, chunk)
	for at := int64(0); at < size; {
		n, err := f.ReadAt(block[:min(chunk, size-at)], at)
		if i := foreign(block[:n]); i >= 0 {
			return at + int64(i), nil
		}
		at += int64(n)
		if err == io.EOF || (err == nil && n == 0) {
			break
		}
		if err != nil {
			return 0, err
		}
	}
	return -1, nil
}

func foreign(b []byte) int {
	for i, c := range b {
		if c >= utf8.RuneSelf {
			return i
		}
	}
	return -1
}

func mostlyUTF8(window []byte, whole bool) bool {
	good, bad := 0, 0
	for len(window) > 0 {
		line, rest, ended := bytes.Cut(window, []byte("\n"))
		window = rest
		if !ended && !whole && good+bad > 0 {
			break // cut in the middle
		}
		switch {
		case foreign(line) < 0:
		case utf8.Valid(line) || (!ended && !whole && validButEnd(line)):
			good++
		default:
			bad++
		}
	}
	return good >= bad
}

// validButEnd reports that only the last character of line, cut off by the window, keeps it from being UTF-8.
func validButEnd(line []byte) bool {
	for cut := 1; cut < utf8.UTFMax && cut < len(line); cut++ {
		if utf8.Valid(line[:len(line)-cut]) {
			return true
		}
	}
	return false
}

// decoder turns the bytes of one record into UTF-8.
type decoder struct {
	gb   transform.Transformer // nil for UTF-8
	text []byte
}

func newDecoder(encoding string) *decoder {
	d := &decoder{}
	if encoding != utf8Text {
		d.gb = simplifiedchinese.GB18030.NewDecoder().Transformer
	}
	return d
}

// replacement is how GB18030 writes U+FFFD, which the decoder also makes of what it cannot read.
var replacement = []byte("\x84\x31\xa4\x37")

// decode returns raw as UTF-8, valid until the next call. When bytes are not valid in the encoding, ok is false and text
// is the best that can be had: UTF-8 as it is, GB18030 with U+FFFD in place of what is wrong.
func (d *decoder) decode(raw []byte) (text []byte, ok bool) {
	if d.gb == nil {
		return raw, utf8.Valid(raw)
	}
	if foreign(raw) < 0 {
		return raw, true
	}
	if room := 3*len(raw) + utf8.UTFMax; cap(d.text) < room { // a byte gives at most three
		d.text = make([]byte, room)
	}
	d.gb.Reset()
	n, _, err := d.gb.Transform(d.text[:cap(d.text)], raw, true)
	text = d.text[:n]
	if err != nil {
		return text, false
	}
	ok = !bytes.Contains(text, []byte("\ufffd")) || bytes.Contains(raw, replacement)
	return text, ok
}
