package files

import (
	"context"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"datarun"
	"datarun/connectors"
	"datarun/connectors/internal/shape"
	"datarun/internal/rowjson"
)

// reader reads the records of one file.
type reader interface {
	// next appends the next record's data to dst and returns it, with the fault when the row is at fault. io.EOF means
	// the end, and a *broken that the file as a whole, or the rest of it, is of no use.
	next(dst []byte) ([]byte, *datarun.Fault, error)
	// place tells where to go on after the last record: for newReader, later.
	place() (offset, row int64)
}

// broken says that a file cannot be understood as a whole.
type broken struct{ fault datarun.Fault }

// Error implements error.
func (b *broken) Error() string { return b.fault.Where + ": " + b.fault.Detail }

func brokenf(where, format string, args ...any) *broken {
	return &broken{datarun.Fault{Rule: datarun.RuleSyntax, Where: where, Detail: fmt.Sprintf(format, args...)}}
}

// input is one open file and what is known of how to read it.
type input struct {
	name    string
	file    io.ReaderAt
	size    int64
	stream  connectors.Stream
	options options
	zone    shape.Zone
	limit   int // longest line
}

func (in *input) where(row int64) string { return fmt.Sprintf("%s:%d", in.name, row) }

// newReader opens a file for reading from after the record that ended at offset and row; zero for the first.
func newReader(ctx context.Context, in *input, offset, row int64) (reader, error) {
	in.file = &watched{ctx, in.file}
	magic := make([]byte, 8)
	n, err := in.file.ReadAt(magic, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	format, is := in.options.formatOf(in.name), kindOf(string(magic[:n]))
	switch {
	case is == "xls":
		return nil, brokenf(in.name, "an old Excel workbook (.xls), or one with a password: save it as .xlsx without one, or as CSV")
	case format == "":
		return nil, brokenf(in.name, "the extension tells no format: set option format to csv, xlsx or jsonl")
	case format == formatXLSX && is != "zip":
		return nil, brokenf(in.name, "not an xlsx workbook")
	case format != formatXLSX && is == "zip":
		return nil, brokenf(in.name, "a zip archive or workbook, not %s text", format)
	}
	switch format {
	case formatXLSX:
		return openSheet(in, row)
	case formatLines:
		return openJSON(in, offset, row)
	}
	return openCSV(in, offset, row)
}

func kindOf(magic string) string {
	switch {
	case strings.HasPrefix(magic, "PK\x03\x04"):
		return "zip"
	case strings.HasPrefix(magic, "\xd0\xcf\x11\xe0"):
		return "xls"
	}
	return ""
}

// watched is a file whose reads end when ctx does.
type watched struct {
	ctx  context.Context
	file io.ReaderAt
}

// ReadAt implements io.ReaderAt.
func (w *watched) ReadAt(p []byte, at int64) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.file.ReadAt(p, at)
}

// maxRaw is the most that the data of a faulty row may take.
const maxRaw = 64 << 10

// appendRaw appends a faulty row as a JSON string of at most maxRaw bytes.
func appendRaw(dst, raw []byte) []byte {
	keep := min(len(raw), maxRaw-2)
	for {
		for keep < len(raw) && keep > 0 && !utf8.RuneStart(raw[keep]) {
			keep--
		}
		out := rowjson.AppendString(dst, raw[:keep])
		if len(out)-len(dst) <= maxRaw {
			return out
		}
		keep = keep * 3 / 4
	}
}

// tooBig replaces a record that is over the hub's limit by its fault.
func tooBig(dst []byte, start int, where string) ([]byte, *datarun.Fault) {
	data := append([]byte(nil), dst[start:min(len(dst), start+maxRaw)]...)
	fault := &datarun.Fault{Rule: datarun.RuleSize, Where: where, Detail: fmt.Sprintf("the record has %d bytes, the hub carries %d", len(dst)-start, datarun.MaxRecord)}
	return appendRaw(dst[:start], data), fault
}
