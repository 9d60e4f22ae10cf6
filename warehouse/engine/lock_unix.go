//go:build unix

package engine

import (
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"datarun"
)

// hold takes an advisory lock on path, waiting for whoever has it. It lasts until the returned file is closed here and
// in every process that inherited it; the kernel closes the files of the dead.
func hold(ctx context.Context, path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, datarun.Errorf(datarun.Unavailable, "engine: lock", "%w", err)
	}
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			f.Close()
			return nil, datarun.Errorf(datarun.Unavailable, "engine: lock", "%w", err)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, datarun.Errorf(datarun.Unavailable, "engine: lock", "another process holds it: %w", ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}
