package engine_test

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"datarun"
	"datarun/warehouse/engine"
)

// fakeNPM puts an npm on the PATH that hands out tarball, and an empty cache. It returns the file that counts its runs.
func fakeNPM(t *testing.T, script string) (runs string) {
	t.Helper()
	dir := t.TempDir()
	runs = filepath.Join(dir, "runs")
	text := "#!/bin/sh\necho run >> " + runs + "\nwhile [ \"$1\" != --pack-destination ]; do shift; done\ndest=$2\n" + script + "\n"
	if err := os.WriteFile(filepath.Join(dir, "npm"), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	t.Setenv(engine.EnvProgram, "")
	return runs
}

func tarball(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lib.tgz")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	packed := gzip.NewWriter(f)
	files := tar.NewWriter(packed)
	_ = files.WriteHeader(&tar.Header{Name: "package/package.json", Size: 2, Mode: 0o644})
	_, _ = files.Write([]byte("{}"))
	_ = files.WriteHeader(&tar.Header{Name: name, Size: int64(len(content)), Mode: 0o644})
	_, _ = files.Write([]byte(content))
	for _, c := range []interface{ Close() error }{files, packed, f} {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func TestFetchOnceForAll(t *testing.T) {
	path := tarball(t, "package/libchdb.so", strings.Repeat("engine", 1000))
	runs := fakeNPM(t, "cp "+path+" $dest/lib.tgz")
	engine.PinForTest(t, path)
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			steps := ""
			got, err := engine.Fetch(context.Background(), func(p engine.Progress) { steps += p.Step + " " })
			if err != nil || filepath.Base(got) != "libchdb.so" || !strings.HasPrefix(steps, "waiting ") {
				t.Errorf("%s, %v, steps %q", got, err, steps)
			}
		})
	}
	all.Wait()
	if b, _ := os.ReadFile(runs); strings.Count(string(b), "run") != 1 {
		t.Errorf("npm ran %d times, want once", strings.Count(string(b), "run"))
	}
	got, err := engine.Find("")
	if err != nil || !got.Library {
		t.Fatalf("Find after Fetch: %+v, %v", got, err)
	}
	if b, _ := os.ReadFile(got.Path); len(b) != 6000 {
		t.Errorf("%d bytes unpacked, want 6000", len(b))
	}
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(got.Path), "fetch-*"))
	if len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestFetchRefusesWhatIsNotPinned(t *testing.T) {
	genuine, forged := tarball(t, "package/libchdb.so", "genuine"), tarball(t, "package/libchdb.so", "forged")
	fakeNPM(t, "cp "+forged+" $dest/lib.tgz")
	engine.PinForTest(t, genuine)
	if _, err := engine.Fetch(t.Context(), nil); datarun.KindOf(err) != datarun.Corrupt {
		t.Errorf("err = %v, want Corrupt", err)
	}
	if _, err := engine.Find(""); datarun.KindOf(err) != datarun.NotFound {
		t.Errorf("something is in the cache: %v", err)
	}
}

func TestFetchFails(t *testing.T) {
	other := tarball(t, "package/other.so", "x")
	for name, tt := range map[string]struct {
		script string
		kind   datarun.Kind
	}{
		"registry away":   {"exit 1", datarun.Unavailable},
		"no tarball":      {"true", datarun.Unavailable},
		"no library":      {"cp " + other + " $dest/lib.tgz", datarun.Unavailable},
		"not the tarball": {"echo x > $dest/lib.tgz", datarun.Corrupt},
	} {
		t.Run(name, func(t *testing.T) {
			fakeNPM(t, tt.script)
			engine.PinForTest(t, other)
			if _, err := engine.Fetch(t.Context(), nil); datarun.KindOf(err) != tt.kind {
				t.Errorf("err = %v, want %v", err, tt.kind)
			}
		})
	}
}

func TestMissingEngineNamesThreeWays(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	t.Setenv(engine.EnvProgram, "")
	_, err := engine.FindOrFetch(t.Context(), "", nil)
	if datarun.KindOf(err) != datarun.NotFound {
		t.Fatalf("err = %v, want NotFound", err)
	}
	for _, way := range []string{"clickhouse", "npm", engine.EnvProgram, "address"} {
		if !strings.Contains(err.Error(), way) {
			t.Errorf("%q does not name %s", err, way)
		}
	}
	if _, err := engine.Find("/nowhere/clickhouse"); datarun.KindOf(err) != datarun.NotFound {
		t.Errorf("a path that is not there: %v", err)
	}
}
