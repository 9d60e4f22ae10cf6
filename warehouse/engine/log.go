package engine

import (
	"bytes"
	"os"
	"sync"

	"datarun"
)

// logLimit is the size at which the log becomes engine.log.1 and a new one begins: two files, 8 MiB at most.
const logLimit = 4 << 20

// boundedLog is the file that the engine's words go to.
type boundedLog struct {
	path string
	mu   sync.Mutex
	file *os.File
	size int64
	// fatal is called when the engine says that it is about to die. The library then refuses every query but takes
	// seconds to look up the names of its own stack.
	fatal func()
}

func openLog(path string, fatal func()) (*boundedLog, error) {
	l := &boundedLog{path: path, fatal: fatal}
	if err := l.reopen(os.O_APPEND); err != nil {
		return nil, datarun.Errorf(datarun.Unavailable, "engine: log", "%w", err)
	}
	return l, nil
}

func (l *boundedLog) reopen(flag int) error {
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_WRONLY|flag, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return err
	}
	l.file, l.size = f, info.Size()
	return nil
}

// Write never fails the engine: when the disk is full its words are lost, its data is not.
func (l *boundedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return len(p), nil
	}
	if l.size+int64(len(p)) > logLimit {
		l.file.Close()
		l.file = nil
		_ = os.Rename(l.path, l.path+".1")
		if err := l.reopen(os.O_TRUNC); err != nil {
			return len(p), nil
		}
	}
	n, _ := l.file.Write(p)
	l.size += int64(n)
	if bytes.Contains(p, []byte(" <Fatal> ")) {
		l.fatal()
	}
	return len(p), nil
}

// Close ends the log. What is written after it is dropped.
func (l *boundedLog) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}
