package files

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// dateStyle says whether a cell style shows a number as a moment.
type dateStyle uint8

const (
	plainNumber dateStyle = iota
	dateNumber
)

// readStyles finds the cell styles that show dates or times.
func (w *workbook) readStyles() error {
	if w.strings.styles == "" {
		return nil
	}
	var sheet struct {
		Formats []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Cells []struct {
			Format int `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	if err := w.decode(w.strings.styles, &sheet); err != nil {
		return err
	}
	custom := make(map[int]string, len(sheet.Formats))
	for _, f := range sheet.Formats {
		custom[f.ID] = f.Code
	}
	w.dates = make([]dateStyle, len(sheet.Cells))
	for i, cell := range sheet.Cells {
		code, ok := custom[cell.Format]
		if (ok && showsDate(code)) || (!ok && builtinDate(cell.Format)) {
			w.dates[i] = dateNumber
		}
	}
	return nil
}

// builtinDate reports the numbers that ECMA-376 part 1, 18.8.30 gives to date and time formats, with those of the
// Chinese locale.
func builtinDate(id int) bool {
	return (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || id == 45 || id == 47 || (id >= 50 && id <= 58)
}

// showsDate reports that a format code has a letter of dates outside quotes, escapes and brackets. Elapsed time, [h], is
// a span and stays a number.
func showsDate(code string) bool {
	if strings.Contains(strings.ToLower(code), "[h") || strings.Contains(strings.ToLower(code), "[m") {
		return false
	}
	quoted, bracket := false, false
	for i := 0; i < len(code); i++ {
		switch c := code[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\\' || c == '_' || c == '*':
			i++
		case c == '[':
			bracket = true
		case c == ']':
			bracket = false
		case bracket:
		case c == ';':
			return false // the first section is that of positive numbers
		case strings.IndexByte("yYmMdDhHsS", c) >= 0:
			return true
		}
	}
	return false
}

// sharedStrings holds the texts that cells refer to by number, one after another in one block.
type sharedStrings struct {
	part, styles string
	block        []byte
	ends         []uint32
}

// maxStrings bounds the texts of one workbook, which have to stay in memory while it is read.
const maxStrings = 128 << 20

func (s *sharedStrings) at(i int) ([]byte, bool) {
	if i < 0 || i >= len(s.ends) {
		return nil, false
	}
	start := uint32(0)
	if i > 0 {
		start = s.ends[i-1]
	}
	return s.block[start:s.ends[i]], true
}

func (w *workbook) readStrings() error {
	s := &w.strings
	if s.part == "" {
		return nil
	}
	t, err := w.open(s.part)
	if err != nil {
		return err
	}
	defer t.Close()
	for {
		token, err := t.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if start, ok := token.(xml.StartElement); !ok || start.Name.Local != "si" {
			continue
		}
		if s.block, err = t.text(s.block); err != nil {
			return err
		}
		s.ends = append(s.ends, uint32(len(s.block)))
		if len(s.block)+4*len(s.ends) > maxStrings {
			return errors.New("its texts take more than 128 MiB: save it as CSV")
		}
	}
}
