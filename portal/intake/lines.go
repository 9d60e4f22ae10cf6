package intake

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"datarun"
)

// Lines reads JSON lines (NDJSON): one object per line, blank lines passed over.
type Lines struct {
	w       window
	began   bool
	line    int // of the line last read, from 1
	scratch []byte
}

// NewLines makes a Lines over a body in UTF-8.
func NewLines(r io.Reader) *Lines { return &Lines{w: newWindow(r)} }

// Next returns the record of the next line. A line that does not begin like an object, or is too long, comes with a
// Fault.
func (l *Lines) Next() (datarun.Record, error) {
	if !l.began {
		l.began = true
		if err := l.w.skipBOM(); err != nil {
			return datarun.Record{}, err
		}
	}
	for {
		raw, long, err := l.w.readLine()
		if err != nil {
			return datarun.Record{}, err
		}
		l.line++
		raw = bytes.Trim(raw, " \t\r")
		if len(raw) == 0 {
			continue
		}
		var rec datarun.Record
		switch {
		case long || len(raw) > datarun.MaxRecord:
			rec, l.scratch = faulty(l.scratch, raw, datarun.RuleSize, errSize, l.where())
		case raw[0] != '{':
			rec, l.scratch = faulty(l.scratch, raw, datarun.RuleSyntax, "not a JSON object", l.where())
		default:
			rec.Data = raw
		}
		return rec, nil
	}
}

func (l *Lines) where() string { return "line " + strconv.Itoa(l.line) }

// readLine returns the next line without its '\n', and io.EOF after the last. Of a line over datarun.MaxRecord it
// returns the beginning, and long.
func (w *window) readLine() (line []byte, long bool, err error) {
	var sample []byte
	for i := 0; ; {
		held := w.held()
		if n := bytes.IndexByte(held[i:], '\n'); n >= 0 {
			line = held[:i+n]
			w.start += i + n + 1
			break
		}
		i = len(held)
		if i > datarun.MaxRecord+2 {
			if !long {
				sample, long = append(sample, held[:maxSample+1]...), true
			}
			w.start, i = w.end, 0
		}
		if err := w.more(); errors.Is(err, io.EOF) {
			if line = w.held(); len(line) == 0 && !long {
				return nil, false, io.EOF
			}
			w.start = w.end
			break
		} else if err != nil {
			return nil, false, err
		}
	}
	if long {
		return sample, true, nil
	}
	return line, false, nil
}
