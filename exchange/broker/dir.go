package broker

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/twmb/franz-go/pkg/kfake"
	"golang.org/x/sys/unix"

	"datarun"
)

// private makes dir, and sees to it that only its owner can look inside: everything shared with the city passes here.
func private(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return datarun.Errorf(datarun.Unavailable, "broker", "data directory: %w", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil { //nolint:gosec // a directory
		return datarun.Errorf(datarun.Unavailable, "broker", "data directory: %w", err)
	}
	return nil
}

// claim locks dir for this process. The kernel lets go of the lock when the process ends, however it ends.
func claim(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, datarun.Errorf(datarun.Unavailable, "broker", "lock: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, datarun.Errorf(datarun.Conflict, "broker", "another process has %s open", dir)
		}
		return nil, datarun.Errorf(datarun.Unavailable, "broker", "lock: %w", err)
	}
	return f, nil
}

// secret returns the password kept in path, making one when there is none. It is written aside and renamed, so that a
// crash leaves a whole one or none.
func secret(path string) (string, error) {
	if b, err := os.ReadFile(path); err == nil {
		if p := strings.TrimSpace(string(b)); p != "" {
			return p, os.Chmod(path, 0o600)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", datarun.Errorf(datarun.Unavailable, "broker", "password: %w", err)
	}
	p := rand.Text()
	if err := os.WriteFile(path+".new", []byte(p+"\n"), 0o600); err != nil {
		return "", datarun.Errorf(datarun.Unavailable, "broker", "password: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return "", datarun.Errorf(datarun.Unavailable, "broker", "password: %w", err)
	}
	return p, nil
}

// logger passes kfake's warnings and errors on.
type logger struct{ log *slog.Logger }

// Logf implements kfake.Logger.
func (l logger) Logf(level kfake.LogLevel, format string, args ...any) {
	switch level {
	case kfake.LogLevelError:
		l.log.Error("broker", "what", fmt.Sprintf(format, args...))
	case kfake.LogLevelWarn:
		l.log.Warn("broker", "what", fmt.Sprintf(format, args...))
	}
}
