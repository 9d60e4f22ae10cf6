package files

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"datarun"
	"datarun/connectors/internal/shape"
)

// csvReader reads records by the rules in the package comment.
type csvReader struct {
	in      *input
	lines   *lines
	decoder *decoder
	row     int64 // physical lines taken
	width   int   // cells of the header
	columns []column
	cells   [][]byte // of the current record
	scratch []byte   // cells with doubled quotes resolved
	raw     []byte   // the current record as UTF-8, for its fault
}

func openCSV(in *input, offset, row int64) (reader, error) {
	encoding, mark, err := detect(in.file, in.size)
	if err != nil {
		return nil, err
	}
	switch {
	case encoding == utf16Text:
		return nil, brokenf(in.name, "the text is UTF-16: save it as UTF-8 or GBK")
	case in.options.Encoding == "utf-8":
		encoding = utf8Text
	case in.options.Encoding != "auto":
		encoding = gb18030
	}
	c := &csvReader{in: in, decoder: newDecoder(encoding)}
	c.from(mark)
	if err := c.header(); err != nil {
		return nil, err
	}
	if offset > 0 {
		c.from(offset)
		c.row = row
	}
	return c, nil
}

// from sets the reader to go on at an offset of the file.
func (c *csvReader) from(offset int64) {
	c.lines = newLines(io.NewSectionReader(c.in.file, offset, c.in.size-offset), offset, c.in.limit)
}

func (c *csvReader) place() (offset, row int64) { return c.lines.offset, c.row }

// header reads up to the line of column names and finds the items in it.
func (c *csvReader) header() error {
	for c.row < int64(c.in.options.Header)-1 {
		if err := c.lines.skip(); err != nil {
			return err
		}
		c.row++
	}
	problem, _, err := c.record()
	where := c.in.where(c.row)
	switch {
	case err == io.EOF:
		return brokenf(c.in.name, "no line with column names: the file is empty")
	case err != nil:
		return err
	case problem != "":
		return brokenf(where, "the line with column names cannot be read: %s", problem)
	}
	names := make([]string, len(c.cells))
	for i, cell := range c.cells {
		names[i] = string(cell)
	}
	c.width = len(names)
	if c.columns, problem = plan(names, c.in.stream, &c.in.options); problem != "" {
		return brokenf(where, "%s", problem)
	}
	return nil
}

// next implements reader.
func (c *csvReader) next(dst []byte) ([]byte, *datarun.Fault, error) {
	problem, line, err := c.record()
	if err != nil {
		return dst, nil, err
	}
	if problem == "" && len(c.cells) != c.width {
		problem = fmt.Sprintf("%d cells where the header has %d", len(c.cells), c.width)
	}
	if problem != "" {
		return appendRaw(dst, c.raw), &datarun.Fault{Rule: datarun.RuleSyntax, Detail: problem, Where: c.in.where(line)}, nil
	}
	start := len(dst)
	for i := range c.columns {
		column := &c.columns[i]
		dst = append(dst, column.prefix...)
		dst = shape.AppendText(dst, c.cells[column.cell], column.kind, c.in.zone)
	}
	dst = append(dst, '}')
	if len(dst)-start > datarun.MaxRecord {
		out, fault := tooBig(dst, start, c.in.where(line))
		return out, fault, nil
	}
	return dst, nil, nil
}

// record reads the next record's cells, skipping empty lines. problem says why it is faulty; c.raw then is the row.
// line is the number of its first physical line.
func (c *csvReader) record() (problem string, line int64, err error) {
	for {
		first, err := c.lines.peek(0)
		if errors.Is(err, errLong) {
			return c.long()
		}
		if err != nil {
			return "", c.row, err
		}
		if len(trimEnd(first)) == 0 {
			c.take(len(first), 1)
			continue
		}
		line = c.row + 1
		size, physical := len(first), 1
		if bytes.Count(first, quote)&1 == 1 {
			if size, physical, err = c.extend(size); err != nil {
				return "", line, err
			}
			if size == 0 {
				c.blame()
				return fmt.Sprintf("a quoted cell is not closed within %d bytes", c.in.limit), line, nil
			}
		}
		text, valid := c.decoder.decode(trimEnd(c.lines.window(size)))
		if problem = c.split(text); problem != "" {
			c.blame()
			return problem, line, nil
		}
		c.raw = text
		c.take(size, physical)
		if !valid {
			problem = "bytes that are not valid " + c.encoding()
		}
		return problem, line, nil
	}
}

var quote = []byte{'"'}

// extend looks for the physical line that closes the quote which the first one, size bytes long, leaves open: one with
// an odd number of quotes. Zero: there is none within the limit.
func (c *csvReader) extend(size int) (total, physical int, err error) {
	total, physical = size, 1
	for {
		more, err := c.lines.peek(total)
		if err == io.EOF || errors.Is(err, errLong) {
			return 0, 0, nil
		}
		if err != nil {
			return 0, 0, err
		}
		total += len(more)
		physical++
		if bytes.Count(more, quote)&1 == 1 {
			return total, physical, nil
		}
	}
}

// blame takes the first physical line, and only that, as the faulty row.
func (c *csvReader) blame() {
	first, _ := c.lines.peek(0)
	c.raw, _ = c.decoder.decode(trimEnd(first))
	c.take(len(first), 1)
}

// long takes a line that is over the limit, keeping no more than its beginning.
func (c *csvReader) long() (problem string, line int64, err error) {
	held := c.lines.window(min(maxRaw, c.in.limit))
	text, _ := c.decoder.decode(held)
	c.raw = append([]byte(nil), text...) // skip overwrites it
	if err := c.lines.skip(); err != nil {
		return "", c.row, err
	}
	c.row++
	c.cells = c.cells[:0]
	return fmt.Sprintf("the line is longer than max_line, %d bytes", c.in.limit), c.row, nil
}

func (c *csvReader) take(size, physical int) {
	c.lines.take(size)
	c.row += int64(physical)
}

func (c *csvReader) encoding() string {
	if c.decoder.gb == nil {
		return "UTF-8"
	}
	return "GB18030"
}

// split cuts a record into c.cells, which alias text and c.scratch. problem names the rule that was broken.
func (c *csvReader) split(text []byte) (problem string) {
	c.cells = c.cells[:0]
	c.scratch = c.scratch[:0]
	delimiter := c.in.options.Delimiter[0]
	quoted := bytes.IndexByte(text, '"') >= 0
	for {
		if quoted && len(text) > 0 && text[0] == '"' {
			cell, rest, problem := c.unquote(text[1:])
			if problem != "" {
				return problem
			}
			c.cells = append(c.cells, cell)
			if len(rest) == 0 {
				return ""
			}
			if rest[0] != delimiter {
				return fmt.Sprintf("text after the closing quote of cell %d", len(c.cells))
			}
			text = rest[1:]
			continue
		}
		cell, last := text, true
		if i := bytes.IndexByte(text, delimiter); i >= 0 {
			cell, text, last = text[:i], text[i+1:], false
		}
		c.cells = append(c.cells, cell)
		if quoted && bytes.IndexByte(cell, '"') >= 0 {
			return fmt.Sprintf("a quote inside the unquoted cell %d", len(c.cells))
		}
		if last {
			return ""
		}
	}
}

// unquote reads a quoted cell from after its opening quote and returns what follows the closing one.
func (c *csvReader) unquote(text []byte) (cell, rest []byte, problem string) {
	from := len(c.scratch)
	doubled := false
	for at := 0; ; {
		i := bytes.IndexByte(text[at:], '"')
		if i < 0 {
			return nil, nil, fmt.Sprintf("the quote of cell %d is not closed", len(c.cells)+1)
		}
		end := at + i
		if end+1 < len(text) && text[end+1] == '"' {
			c.scratch = append(c.scratch, text[at:end+1]...)
			doubled = true
			at = end + 2
			continue
		}
		if !doubled {
			return text[:end], text[end+1:], ""
		}
		c.scratch = append(c.scratch, text[at:end]...)
		return c.scratch[from:], text[end+1:], ""
	}
}
