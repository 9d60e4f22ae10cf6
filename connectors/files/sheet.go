package files

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"

	"datarun"
	"datarun/connectors/internal/shape"
)

// maxWidth is the number of columns a sheet can have.
const maxWidth = 16384

// sheetReader reads the rows of one sheet.
type sheetReader struct {
	in      *input
	book    *workbook
	tokens  *tokens
	row     int64 // number of the row last read
	columns []column
	cells   []cell // of the current row
	block   []byte // their texts
	scratch []byte
}

// cell is one cell of the current row.
type cell struct {
	kind       cellKind
	start, end int // of its text in the block
}

type cellKind uint8

const (
	blank cellKind = iota
	text
	number  // as the sheet writes it
	date    // a number that the cell's style shows as a moment
	mistake // an Excel error such as #N/A, a formula without a value, a text that is not there
)

func openSheet(in *input, row int64) (reader, error) {
	book, err := openWorkbook(in.name, in.file, in.size)
	if err != nil {
		return nil, err
	}
	ref, ok := book.sheet(in.options.Sheet)
	if !ok {
		return nil, brokenf(in.name, "no sheet %q; there are %d sheets", in.options.Sheet, len(book.sheets))
	}
	s := &sheetReader{in: in, book: book}
	if s.tokens, err = book.open(ref.part); err != nil {
		return nil, notBook(in.name, err)
	}
	if err := s.header(); err != nil {
		return nil, err
	}
	for s.row < row {
		if err := s.read(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *sheetReader) place() (offset, row int64) { return 0, s.row }

func (s *sheetReader) header() error {
	for s.row < int64(s.in.options.Header) {
		if err := s.read(); err == io.EOF {
			return brokenf(s.in.name, "no row %d with column names", s.in.options.Header)
		} else if err != nil {
			return err
		}
	}
	names := make([]string, len(s.cells))
	for i := range s.cells {
		names[i] = string(s.block[s.cells[i].start:s.cells[i].end])
	}
	var problem string
	if s.columns, problem = plan(names, s.in.stream, &s.in.options); problem != "" {
		return brokenf(s.in.where(s.row), "%s", problem)
	}
	return nil
}

// next implements reader.
func (s *sheetReader) next(dst []byte) ([]byte, *datarun.Fault, error) {
	for {
		if err := s.read(); err != nil {
			return dst, nil, err
		}
		if !s.empty() {
			return s.record(dst)
		}
	}
}

func (s *sheetReader) empty() bool {
	for i := range s.cells {
		if s.cells[i].kind > text || s.cells[i].end > s.cells[i].start {
			return false
		}
	}
	return true
}

func (s *sheetReader) record(dst []byte) ([]byte, *datarun.Fault, error) {
	start := len(dst)
	for i := range s.columns {
		column := &s.columns[i]
		value, problem := s.value(column)
		if problem != "" {
			fault := &datarun.Fault{Rule: datarun.RuleSyntax, Item: column.item, Detail: problem, Where: s.in.where(s.row)}
			return appendRaw(dst[:start], s.raw()), fault, nil
		}
		dst = append(dst, column.prefix...)
		dst = shape.AppendText(dst, value, column.kind, s.in.zone)
	}
	dst = append(dst, '}')
	if len(dst)-start > datarun.MaxRecord {
		out, fault := tooBig(dst, start, s.in.where(s.row))
		return out, fault, nil
	}
	return dst, nil, nil
}

// value returns the text of a column's cell in the current row, or why there is none.
func (s *sheetReader) value(column *column) (value []byte, problem string) {
	if column.cell >= len(s.cells) {
		return nil, ""
	}
	c := s.cells[column.cell]
	held := s.block[c.start:c.end]
	switch c.kind {
	case date:
		out, ok := appendSerial(s.scratch[:0], held, s.book.base1904, column.kind)
		if s.scratch = out; !ok {
			return nil, "a number that is no date, in a cell that shows dates"
		}
		return out, ""
	case number:
		if column.kind == datarun.Double || column.kind == datarun.Float {
			return held, ""
		}
		out, exact := appendNumber(s.scratch[:0], held)
		if s.scratch = out; !exact {
			return nil, "a number of more than 15 digits, which Excel has rounded: the cell must be text"
		}
		return out, ""
	case mistake:
		return nil, "an error value, a formula that was never calculated, or a text that is missing from the workbook"
	}
	return held, ""
}

// raw returns the current row with tabs between the cells.
func (s *sheetReader) raw() []byte {
	var out []byte
	for i := range s.cells {
		if i > 0 {
			out = append(out, '\t')
		}
		out = append(out, s.block[s.cells[i].start:s.cells[i].end]...)
	}
	return out
}

// read reads the next row into cells. A row that ends the sheet is io.EOF, a sheet that breaks off a *broken.
func (s *sheetReader) read() error {
	s.cells, s.block = s.cells[:0], s.block[:0]
	err := s.readRow()
	if err != nil && err != io.EOF {
		return notBook(s.in.name, fmt.Errorf("after row %d: %w", s.row, err))
	}
	return err
}

func (s *sheetReader) readRow() error {
	for {
		token, err := s.tokens.Token()
		if err != nil {
			return unexpected(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			switch token.Name.Local {
			case "row":
				s.row = rowNumber(attribute(&token, "r"), s.row)
				return s.readCells()
			}
		case xml.EndElement:
			if token.Name.Local == "sheetData" {
				return s.finish()
			}
		}
	}
}

// finish reads the rest of the sheet, so that one that breaks off after its rows, or whose checksum is wrong, is found.
func (s *sheetReader) finish() error {
	for {
		if _, err := s.tokens.Token(); err != nil {
			return err
		}
	}
}

func rowNumber(attr string, last int64) int64 {
	if n, err := strconv.ParseInt(attr, 10, 64); err == nil && n > last {
		return n
	}
	return last + 1
}

func (s *sheetReader) readCells() error {
	for {
		token, err := s.tokens.Token()
		if err != nil {
			return unexpected(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if token.Name.Local != "c" {
				if err := s.tokens.Skip(); err != nil {
					return unexpected(err)
				}
				continue
			}
			if err := s.readCell(&token); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		}
	}
}

func (s *sheetReader) readCell(start *xml.StartElement) error {
	at := columnNumber(attribute(start, "r"), len(s.cells))
	if at >= maxWidth || at < len(s.cells) {
		return fmt.Errorf("a cell out of place")
	}
	for len(s.cells) < at {
		s.cells = append(s.cells, cell{})
	}
	c := cell{start: len(s.block)}
	var hasValue, hasFormula bool
	for {
		token, err := s.tokens.Token()
		if err != nil {
			return unexpected(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			switch token.Name.Local {
			case "v", "is":
				hasValue = true
				s.block, err = s.tokens.text(s.block)
			default:
				hasFormula = hasFormula || token.Name.Local == "f"
				err = s.tokens.Skip()
			}
			if err != nil {
				return unexpected(err)
			}
			continue
		case xml.EndElement:
			c.end = len(s.block)
			s.settle(&c, start, hasValue, hasFormula)
			s.cells = append(s.cells, c)
			return nil
		}
	}
}

// settle decides what a cell is, from its type and style.
func (s *sheetReader) settle(c *cell, start *xml.StartElement, hasValue, hasFormula bool) {
	if !hasValue {
		if hasFormula {
			c.kind = mistake
		}
		return
	}
	held := s.block[c.start:c.end]
	switch attribute(start, "t") {
	case "s":
		c.kind = mistake
		if i, err := strconv.Atoi(string(held)); err == nil {
			if shared, ok := s.book.strings.at(i); ok {
				c.kind = text
				s.block = append(s.block[:c.start], shared...)
				c.end = len(s.block)
			}
		}
	case "str", "inlineStr", "d":
		c.kind = text
	case "b":
		c.kind = text
		word := "false"
		if string(held) == "1" || string(held) == "true" {
			word = "true"
		}
		s.block = append(s.block[:c.start], word...)
		c.end = len(s.block)
	case "e":
		c.kind = mistake
	default:
		if len(held) == 0 {
			return
		}
		c.kind = number
		if style, err := strconv.Atoi(attribute(start, "s")); err == nil && style >= 0 && style < len(s.book.dates) && s.book.dates[style] == dateNumber {
			c.kind = date
		}
	}
}

// columnNumber returns the 0-based column of a reference such as "AB12", or next when there is none.
func columnNumber(ref string, next int) int {
	n := 0
	for i := 0; i < len(ref) && ref[i] >= 'A' && ref[i] <= 'Z'; i++ {
		if n = n*26 + int(ref[i]-'A') + 1; n > maxWidth {
			return maxWidth
		}
	}
	if n == 0 {
		return next
	}
	return n - 1
}
