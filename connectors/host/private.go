package host

import (
	"os"
	"path/filepath"
	"sync"
	"time"

	"datarun"
)

// private is a directory of one launch: the executable's copy and the socket. It is locked while the hub lives, so that
// what a killed hub left behind can be told from what is in use.
type private struct {
	path string
	lock *os.File
}

const (
	privatePrefix = "datarun-connector-"
	sweepAge      = time.Minute // a directory this young may be waiting for its lock
	socketPath    = 100         // bytes; kernels allow 104 to 108
	socketName    = len("/plugin-dir4294967295/plugin4294967295")
)

var swept sync.Map // by parent directory: once per process

func makePrivate(parent string) (*private, error) {
	if parent == "" {
		parent = os.TempDir()
	}
	if _, done := swept.LoadOrStore(parent, true); !done {
		sweep(parent, time.Now().Add(-sweepAge))
	}
	path, err := os.MkdirTemp(parent, privatePrefix)
	if err != nil {
		return nil, datarun.Errorf(datarun.Unavailable, "connector", "make a private directory: %w", err)
	}
	d := &private{path: path}
	if d.lock, err = os.Create(filepath.Join(path, "lock")); err == nil {
		_, err = lockFile(d.lock)
	}
	if err != nil {
		d.remove()
		return nil, datarun.Errorf(datarun.Unavailable, "connector", "lock a private directory: %w", err)
	}
	return d, nil
}

// sockets is where go-plugin may make its sockets: here, or in the system's place when the path would be too long.
func (d *private) sockets() string {
	if len(d.path)+socketName > socketPath {
		return ""
	}
	return d.path
}

func (d *private) remove() {
	_ = os.RemoveAll(d.path)
	if d.lock != nil {
		_ = d.lock.Close()
	}
}

// sweep removes the directories that hubs left behind which were killed: older than the given time, and locked by nobody.
func sweep(parent string, before time.Time) {
	left, _ := filepath.Glob(filepath.Join(parent, privatePrefix+"*"))
	for _, path := range left {
		if info, err := os.Lstat(path); err != nil || !info.IsDir() || info.ModTime().After(before) {
			continue
		}
		lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_RDWR, 0)
		if err != nil {
			continue
		}
		if free, err := lockFile(lock); err == nil && free {
			_ = os.RemoveAll(path)
		}
		_ = lock.Close()
	}
}
