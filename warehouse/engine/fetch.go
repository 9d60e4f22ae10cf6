package engine

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"datarun"
)

// Progress is how far a fetch is.
type Progress struct {
	Step string // "waiting", "downloading", "checking", "unpacking", "done"
	Done int64  // bytes of this step
	All  int64  // bytes of this step, 0 when not known
}

// Fetch puts the pinned libchdb into the cache, once, and returns its path. Of several processes one fetches and the
// others wait. progress may be nil; it is called from one goroutine at a time. A tarball that is not the pinned one is
// Corrupt; a registry that does not answer is Unavailable.
func Fetch(ctx context.Context, progress func(Progress)) (string, error) {
	if progress == nil {
		progress = func(Progress) {}
	}
	target, err := CachePath()
	if err != nil {
		return "", err
	}
	lib, ok := libraries[platform()]
	if !ok {
		return "", datarun.Errorf(datarun.NotFound, "engine: fetch", "no library is published for %s", platform())
	}
	dir := filepath.Dir(target)
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // a public library
		return "", datarun.Errorf(datarun.Unavailable, "engine: fetch", "cache: %w", err)
	}
	progress(Progress{Step: "waiting"})
	held, err := hold(ctx, filepath.Join(dir, "lock"))
	if err != nil {
		return "", err
	}
	defer held.Close()
	if _, err := os.Stat(target); err == nil {
		return target, nil
	}
	return target, fetch(ctx, lib, target, progress)
}

func fetch(ctx context.Context, lib library, target string, progress func(Progress)) error {
	tmp, err := os.MkdirTemp(filepath.Dir(target), "fetch-")
	if err != nil {
		return datarun.Errorf(datarun.Unavailable, "engine: fetch", "cache: %w", err)
	}
	defer os.RemoveAll(tmp)
	tarball, err := download(ctx, lib, tmp, progress)
	if err != nil {
		return err
	}
	progress(Progress{Step: "checking"})
	if err := verify(tarball, lib.integrity); err != nil {
		return err
	}
	unpacked := filepath.Join(tmp, "libchdb.so")
	if err := unpack(tarball, lib.file, unpacked, progress); err != nil {
		return err
	}
	if err := os.Rename(unpacked, target); err != nil {
		return datarun.Errorf(datarun.Unavailable, "engine: fetch", "cache: %w", err)
	}
	progress(Progress{Step: "done"})
	return nil
}

// download runs npm pack, which speaks to whatever registry and proxy the machine is set up for, and watches the size
// of what it has written.
func download(ctx context.Context, lib library, dir string, progress func(Progress)) (string, error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", datarun.Errorf(datarun.NotFound, "engine: fetch", "npm is not on the PATH")
	}
	cmd := exec.CommandContext(ctx, npm, "pack", "--silent", "--ignore-scripts", "--pack-destination", dir, lib.npm+"@"+Version)
	cmd.Dir = dir
	cmd.WaitDelay = 5 * time.Second
	progress(Progress{Step: "downloading"})
	if err := cmd.Run(); err != nil {
		return "", datarun.Errorf(datarun.Unavailable, "engine: fetch", "npm pack %s@%s: %w", lib.npm, Version, err)
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(found) != 1 {
		return "", datarun.Errorf(datarun.Unavailable, "engine: fetch", "npm pack left %d files", len(found))
	}
	return found[0], nil
}

// verify checks the tarball against its pinned SHA-512. Without a pin npm has checked it against the registry's.
func verify(tarball, integrity string) error {
	if integrity == "" {
		return nil
	}
	f, err := os.Open(tarball)
	if err != nil {
		return datarun.Errorf(datarun.Unavailable, "engine: fetch", "tarball: %w", err)
	}
	defer f.Close()
	hash := sha512.New()
	if _, err := io.Copy(hash, f); err != nil {
		return datarun.Errorf(datarun.Unavailable, "engine: fetch", "tarball: %w", err)
	}
	if got := base64.StdEncoding.EncodeToString(hash.Sum(nil)); got != integrity {
		return datarun.Errorf(datarun.Corrupt, "engine: fetch", "the tarball's SHA-512 is not the pinned one: it was not published by who published %s", Version)
	}
	return nil
}

// unpack writes the one file name of the tarball to target and syncs it, so that a rename never publishes half a file.
func unpack(tarball, name, target string, progress func(Progress)) error {
	err := func() error {
		f, err := os.Open(tarball)
		if err != nil {
			return err
		}
		defer f.Close()
		packed, err := gzip.NewReader(f)
		if err != nil {
			return err
		}
		files := tar.NewReader(packed)
		for {
			header, err := files.Next()
			if errors.Is(err, io.EOF) {
				return fmt.Errorf("has no %s", name)
			}
			if err != nil {
				return err
			}
			if header.Name == name {
				return write(target, &counted{r: files, p: Progress{Step: "unpacking", All: header.Size}, tell: progress})
			}
		}
	}()
	if err != nil {
		return datarun.Errorf(datarun.Unavailable, "engine: fetch", "unpack: %w", err)
	}
	return nil
}

func write(target string, r io.Reader) error {
	out, err := os.OpenFile(target, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755) //nolint:gosec // a public library, which is run
	if err != nil {
		return err
	}
	defer out.Close()
	if _, err := io.Copy(out, r); err != nil {
		return err
	}
	if err := out.Sync(); err != nil {
		return err
	}
	return out.Close()
}

// counted tells progress every 16 MiB.
type counted struct {
	r    io.Reader
	p    Progress
	told int64
	tell func(Progress)
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.p.Done += int64(n)
	if c.p.Done-c.told >= 16<<20 || err != nil {
		c.told = c.p.Done
		c.tell(c.p)
	}
	return n, err
}
