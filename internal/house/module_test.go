package house

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const module = "datarun"

// source is one Go file of the module.
type source struct {
	path string // from the module's root, with slashes
	dir  string // folder of it, "." for the root
	text []byte
	set  *token.FileSet
	ast  *ast.File
}

func (s *source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

func (s *source) generated() bool { return ast.IsGenerated(s.ast) }

func (s *source) lines() int { return bytes.Count(s.text, []byte("\n")) }

// at is path:line of a node.
func (s *source) at(node ast.Node) string {
	return s.path + ":" + strconv.Itoa(s.set.Position(node.Pos()).Line)
}

// breach is one place where a rule is broken.
type breach struct{ where, what string }

// newSource parses text as the file of that path.
func newSource(file string, text []byte) (*source, error) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, file, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	return &source{path: file, dir: path.Dir(file), text: text, set: set, ast: tree}, nil
}

// root is the folder that go.mod is in.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if filepath.Dir(dir) == dir {
			t.Fatal("no go.mod above the tests")
		}
		dir = filepath.Dir(dir)
	}
}

// files returns the module's own files that keep says yes to, by path from the root. Hidden folders, test data, and
// what building or running leaves behind are not the module's own.
func files(t testing.TB, keep func(file string) bool) map[string][]byte {
	t.Helper()
	top, found := root(t), map[string][]byte{}
	err := filepath.WalkDir(top, func(full string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(top, full)
		rel = filepath.ToSlash(rel)
		if entry.IsDir() {
			switch name := entry.Name(); {
			case name == "testdata", name == "node_modules", rel == "bin", rel == "data", rel == "demo-data":
				return fs.SkipDir
			case strings.HasPrefix(name, ".") && rel != "." && rel != ".ci":
				return fs.SkipDir
			}
			return nil
		}
		if !keep(rel) || !entry.Type().IsRegular() {
			return nil
		}
		found[rel], err = os.ReadFile(full)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// parsed is the module's Go files, read once for all tests.
var parsed struct {
	once    sync.Once
	sources []*source
	broken  []breach
}

func goFiles(t *testing.T) []*source {
	t.Helper()
	parsed.once.Do(func() {
		texts := files(t, func(f string) bool { return strings.HasSuffix(f, ".go") })
		for _, file := range slices.Sorted(maps.Keys(texts)) {
			if s, err := newSource(file, texts[file]); err != nil {
				parsed.broken = append(parsed.broken, breach{file, "does not parse: " + err.Error()})
			} else {
				parsed.sources = append(parsed.sources, s)
			}
		}
	})
	report(t, parsed.broken)
	return parsed.sources
}

// report fails the test for each breach, one line each.
func report(t *testing.T, breaches []breach) {
	t.Helper()
	for _, b := range breaches {
		t.Errorf("%s: %s", b.where, b.what)
	}
}
