package files

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"

	"datarun"
)

// folder is the drop folder while it is open. Everything goes through an os.Root, so neither a pattern nor a symbolic
// link leads out of it.
type folder struct {
	*os.Root
	done, failed string
}

func openFolder(s *settings) (*folder, error) {
	root, err := os.OpenRoot(s.Folder)
	if err != nil {
		return nil, unavailable("files: folder", err)
	}
	return &folder{root, s.Done, s.Failed}, nil
}

// unavailable classifies an error of the file system. Its text names the path, which is no secret.
func unavailable(place string, err error) error {
	if err == nil {
		return nil
	}
	kind := datarun.Unavailable
	if errors.Is(err, fs.ErrPermission) {
		kind = datarun.Denied
	}
	return datarun.Errorf(kind, place, "%w", err)
}

// checkPattern refuses a glob that is malformed or could lead out of the folder.
func checkPattern(pattern string) error {
	const place = "files: object"
	if pattern == "" || path.IsAbs(pattern) || filepath.IsAbs(pattern) || strings.Contains(pattern, `\`) {
		return datarun.Errorf(datarun.Invalid, place, `must be a pattern below the drop folder, such as "*.csv", with slashes`)
	}
	for _, segment := range strings.Split(pattern, "/") {
		switch _, err := path.Match(segment, "x"); {
		case segment == ".." || segment == "." || segment == "":
			return datarun.Errorf(datarun.Invalid, place, "may not hold empty, . or .. parts")
		case err != nil:
			return datarun.Errorf(datarun.Invalid, place, "is not a well-formed pattern")
		}
	}
	return nil
}

// leaveAlone reports the names of files that are still being written, or are not meant for us.
func leaveAlone(name string) bool {
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "~$") {
		return true
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".tmp", ".part", ".filepart":
		return true
	}
	return false
}

// scan lists the regular files that match, oldest first and by name within one time. The done and failed folders are
// never looked into, and a file that is a symbolic link is left alone.
func (f *folder) scan(pattern string) ([]identity, error) {
	var found []identity
	if err := f.walk("", strings.Split(pattern, "/"), &found); err != nil {
		return nil, err
	}
	sort.Slice(found, func(i, j int) bool {
		if found[i].Mtime != found[j].Mtime {
			return found[i].Mtime < found[j].Mtime
		}
		return found[i].Name < found[j].Name
	})
	return found, nil
}

func (f *folder) walk(dir string, segments []string, found *[]identity) error {
	opened, err := f.Open(path.Join(".", dir))
	if err != nil {
		return unavailable("files: folder", err)
	}
	defer opened.Close()
	for {
		entries, err := opened.ReadDir(1000)
		for _, entry := range entries {
			if err := f.visit(path.Join(dir, entry.Name()), entry, segments, found); err != nil {
				return err
			}
		}
		if err != nil || len(entries) == 0 {
			return nil // io.EOF; a folder that fails half-way is read again next time
		}
	}
}

func (f *folder) visit(name string, entry fs.DirEntry, segments []string, found *[]identity) error {
	if match, _ := path.Match(segments[0], entry.Name()); !match || leaveAlone(entry.Name()) {
		return nil
	}
	if len(segments) > 1 {
		if name == f.done || name == f.failed {
			return nil
		}
		info, err := f.Stat(name) // follows a link, but only inside the folder
		if err != nil || !info.IsDir() {
			return nil //nolint:nilerr // not a folder, or not one that can be seen: nothing to find in it
		}
		return f.walk(name, segments[1:], found)
	}
	if !entry.Type().IsRegular() {
		return nil
	}
	info, err := entry.Info()
	if err != nil {
		return nil //nolint:nilerr // gone meanwhile
	}
	*found = append(*found, identityOf(fileName(name), info))
	return nil
}

// same reports whether the file is still in the state that id names.
func (f *folder) same(id identity) bool {
	info, err := f.Lstat(string(id.Name))
	return err == nil && info.Mode().IsRegular() && identityOf(id.Name, info) == id
}

// move puts a file that was read away. It does nothing when the file is gone or is another one by now, so it can be
// repeated. An existing file is never replaced: the later one gets its time and, if need be, a number into its name.
func (f *folder) move(e ended) error {
	if !f.same(e.identity) {
		return nil
	}
	to := f.done
	if e.Failed {
		to = f.failed
	}
	target := path.Join(to, string(e.Name))
	if err := f.MkdirAll(path.Dir(target), 0o755); err != nil {
		return unavailable("files: move", err)
	}
	free, err := f.freeName(target, e)
	if err != nil {
		return err
	}
	if err := f.Rename(string(e.Name), free); err != nil {
		return unavailable("files: move", err)
	}
	if info, err := f.Lstat(free); err == nil && identityOf(e.Name, info) != e.identity {
		// Somebody put another file there between the look and the move: it was not read, so it goes back.
		if _, err := f.Lstat(string(e.Name)); errors.Is(err, fs.ErrNotExist) {
			return unavailable("files: move", f.Rename(free, string(e.Name)))
		}
	}
	return nil
}

func (f *folder) freeName(target string, e ended) (string, error) {
	extension := path.Ext(target)
	base := strings.TrimSuffix(target, extension)
	for n, name := 1, target; n < 1000; n++ {
		_, err := f.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			return name, nil
		}
		if err != nil {
			return "", unavailable("files: move", err)
		}
		name = base + "." + stamp(e.Mtime, n) + extension
	}
	return "", datarun.Errorf(datarun.Conflict, "files: move", "%s: a thousand files of that name are in %s", e.Name, path.Dir(target))
}
