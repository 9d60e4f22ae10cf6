package host

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"

	"golang.org/x/time/rate"
)

// What a connector may say. Beyond the lines it is read and dropped; beyond the bytes it is made to wait.
const (
	linesPerSecond = 20
	linesBurst     = 200
	bytesPerSecond = 4 << 20
	bytesBurst     = 256 << 10
	maxLine        = 2 << 10
)

// lineLog is a writer that turns a connector's stderr into log entries, at a bounded rate: warn for what calls itself a
// warning, an error or a panic, debug for the rest.
type lineLog struct {
	log   *slog.Logger
	limit *rate.Limiter

	mu      sync.Mutex
	line    []byte // begun, not ended
	long    bool   // the line went over maxLine; its rest is dropped
	panics  bool   // a panic has begun: everything after belongs to it
	dropped int
}

func newLineLog(log *slog.Logger) *lineLog {
	return &lineLog{log: log, limit: rate.NewLimiter(linesPerSecond, linesBurst)}
}

// Write implements io.Writer; it never fails.
func (l *lineLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(p)
	for len(p) > 0 {
		part, rest, ended := bytes.Cut(p, []byte("\n"))
		if room := maxLine - len(l.line); len(part) > room {
			part, l.long = part[:room], true
		}
		l.line = append(l.line, part...)
		if ended {
			l.flush()
		}
		p = rest
	}
	return n, nil
}

func (l *lineLog) flush() {
	line := strings.ToValidUTF8(strings.TrimRight(string(l.line), "\r"), "?")
	cut := l.long
	l.line, l.long = l.line[:0], false
	if line == "" {
		return
	}
	if !l.limit.Allow() {
		l.dropped++
		return
	}
	if l.dropped > 0 {
		l.log.Warn("connector said too much", "dropped_lines", l.dropped)
		l.dropped = 0
	}
	if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
		l.panics = true
	}
	level := slog.LevelDebug
	if l.panics || loud(line) {
		level = slog.LevelWarn
	}
	if cut {
		line += " (cut)"
	}
	l.log.Log(context.Background(), level, "connector says", "line", line)
}

// loud recognises the level of a line of log/slog, as text and as JSON, and of hclog.
func loud(line string) bool {
	for _, mark := range []string{"level=WARN", "level=ERROR", `"level":"WARN"`, `"level":"ERROR"`, "[WARN]", "[ERROR]"} {
		if strings.Contains(line, mark) {
			return true
		}
	}
	return false
}

// throttle slows a reader down to bytesPerSecond: a connector that floods a pipe then waits for the pipe and leaves the
// processors to others.
func throttle(r io.ReadCloser) io.ReadCloser {
	return &throttled{ReadCloser: r, limit: rate.NewLimiter(bytesPerSecond, bytesBurst)}
}

type throttled struct {
	io.ReadCloser
	limit *rate.Limiter
}

// Read implements io.Reader.
func (t *throttled) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p[:min(len(p), bytesBurst)])
	_ = t.limit.WaitN(context.Background(), n)
	return n, err
}
