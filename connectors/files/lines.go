package files

import (
	"bytes"
	"errors"
	"io"
)

// errLong says that a physical line is longer than the limit.
var errLong = errors.New("line too long")

// lines cuts a file into physical lines and lets the caller look ahead over several of them before taking any.
// Its buffer never grows beyond the limit and one chunk.
type lines struct {
	source io.Reader
	limit  int   // longest line, and longest look-ahead, in bytes
	offset int64 // in the file, of the first byte not taken
	buf    []byte
	from   int // first byte not taken
	to     int // end of what was read
	ended  bool
}

const chunk = 256 << 10

func newLines(source io.Reader, offset int64, limit int) *lines {
	return &lines{source: source, limit: limit, offset: offset}
}

// peek returns the physical line that begins skip bytes after the first byte not taken, with its line end. It is valid
// until the next call. io.EOF: no byte is left there. errLong: the line, or the look-ahead, is over the limit.
func (l *lines) peek(skip int) ([]byte, error) {
	looked := skip
	for {
		start := l.from + skip
		if i := bytes.IndexByte(l.buf[l.from+looked:l.to], '\n'); i >= 0 {
			end := l.from + looked + i + 1
			if end-l.from > l.limit {
				return nil, errLong
			}
			return l.buf[start:end], nil
		}
		looked = l.to - l.from
		switch {
		case looked > l.limit:
			return nil, errLong
		case l.ended && looked == skip:
			return nil, io.EOF
		case l.ended:
			return l.buf[start:l.to], nil
		}
		if err := l.fill(); err != nil {
			return nil, err
		}
	}
}

// window returns the first n bytes not taken; peek has read them before.
func (l *lines) window(n int) []byte { return l.buf[l.from : l.from+n] }

// take goes n bytes on.
func (l *lines) take(n int) {
	l.from += n
	l.offset += int64(n)
}

// skip goes on to after the next line end, however far that is, in bounded memory.
func (l *lines) skip() error {
	for {
		if i := bytes.IndexByte(l.buf[l.from:l.to], '\n'); i >= 0 {
			l.take(i + 1)
			return nil
		}
		l.take(l.to - l.from)
		if l.ended {
			return nil
		}
		if err := l.fill(); err != nil {
			return err
		}
	}
}

// fill reads one more chunk behind what is there, moving or growing the buffer when it has no room.
func (l *lines) fill() error {
	if len(l.buf)-l.to < chunk/2 {
		held := l.buf[l.from:l.to]
		if cap(l.buf)-len(held) < chunk {
			grown := make([]byte, min(2*len(held), len(held)+l.limit)+chunk)
			l.buf = grown
		}
		l.to = copy(l.buf, held)
		l.from = 0
	}
	n, err := l.source.Read(l.buf[l.to:])
	l.to += n
	if err == io.EOF {
		l.ended = true
		return nil
	}
	return err
}

// trimEnd cuts LF or CRLF off a line.
func trimEnd(line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r"))
}
