package engine

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"

	"datarun"
)

// EnvProgram names the environment variable that gives the path of a clickhouse program or of libchdb.so.
const EnvProgram = "DATARUN_ENGINE"

// Program is an engine on this machine.
type Program struct {
	Path    string
	Library bool // a libchdb, to be loaded; else a clickhouse program, to be run
}

// Find looks for an engine without fetching one: at path if it is not empty, at $DATARUN_ENGINE, for clickhouse on the
// PATH, and for a libchdb in the cache. NotFound lists the ways to get one.
func Find(path string) (Program, error) {
	if path == "" {
		path = os.Getenv(EnvProgram)
	}
	if path != "" {
		info, err := os.Stat(path) //nolint:gosec // the operator says which engine to run
		if err != nil || info.IsDir() {
			return Program{}, datarun.Errorf(datarun.NotFound, "engine", "%s is not a file", path)
		}
		return Program{Path: path, Library: isLibrary(path)}, nil
	}
	for _, name := range []string{"clickhouse", "clickhouse-server"} {
		if found, err := exec.LookPath(name); err == nil {
			return Program{Path: found}, nil
		}
	}
	cached, err := CachePath()
	if err == nil {
		if _, err = os.Stat(cached); err == nil {
			return Program{Path: cached, Library: true}, nil
		}
	}
	return Program{}, missing(err)
}

// FindOrFetch is Find, and Fetch where nothing was found.
func FindOrFetch(ctx context.Context, path string, progress func(Progress)) (Program, error) {
	program, err := Find(path)
	if err == nil || path != "" || os.Getenv(EnvProgram) != "" {
		return program, err
	}
	fetched, err := Fetch(ctx, progress)
	if err != nil {
		return Program{}, missing(err)
	}
	return Program{Path: fetched, Library: true}, nil
}

// CachePath is where the fetched libchdb of the pinned version lies, or would lie.
func CachePath() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", datarun.Errorf(datarun.NotFound, "engine", "no cache directory: %w", err)
	}
	return filepath.Join(cache, "datarun", "engine", Version, "libchdb.so"), nil
}

func isLibrary(path string) bool {
	ext := filepath.Ext(path)
	return ext == ".so" || ext == ".dylib"
}

func missing(cause error) error {
	if errors.Is(cause, os.ErrNotExist) {
		cause = errors.New("none on the PATH, none in the cache")
	}
	return datarun.Errorf(datarun.NotFound, "engine", "no ClickHouse engine on this machine (%w). Three ways to get one: "+
		"install clickhouse so that it is on the PATH; or install npm, and the library %s %s is fetched once by itself; "+
		"or set %s to the path of a clickhouse program or a libchdb.so. A ClickHouse elsewhere needs none of them: set its address",
		cause, libraries[platform()].npm, Version, EnvProgram)
}
