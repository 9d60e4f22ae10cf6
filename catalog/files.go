package catalog

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"datarun"
)

// ParseFiles reads documents from files, and from the .yaml and .yml files of folders. The error has every Problem with
// its file and line; what the documents say is judged by Diff.
func ParseFiles(paths ...string) (Docs, error) {
	const op = "catalog: read files"
	var all Docs
	var problems Problems
	for _, path := range paths {
		files, err := filesOf(path)
		if err != nil {
			return nil, datarun.Errorf(datarun.Invalid, op, "%w", err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				return nil, datarun.Errorf(datarun.Invalid, op, "%w", err)
			}
			docs, found := parseFile(file, data)
			all, problems = append(all, docs...), append(problems, found...)
		}
	}
	return finish(op, all, problems)
}

// Parse reads documents from data; name stands for the file in problems.
func Parse(name string, data []byte) (Docs, error) {
	docs, problems := parseFile(name, data)
	return finish("catalog: read", docs, problems)
}

func finish(op string, docs Docs, problems Problems) (Docs, error) {
	problems = append(problems, doubles(docs)...)
	if err := problems.err(op); err != nil {
		return nil, err
	}
	if len(docs) == 0 {
		return nil, datarun.Errorf(datarun.Invalid, op, "there is no document")
	}
	order := map[DocKind]int{KindAgency: 0, KindResource: 1, KindGrant: 2}
	slices.SortStableFunc(docs, func(a, b *Doc) int { return order[a.Kind] - order[b.Kind] })
	return docs, nil
}

// doubles finds what is described twice, and says where both are.
func doubles(docs Docs) Problems {
	var problems Problems
	first := map[string]*Doc{}
	for _, d := range docs {
		key := string(d.Kind) + " " + d.ID()
		before, twice := first[key]
		if !twice {
			first[key] = d
			continue
		}
		path := "code"
		if d.Kind == KindGrant {
			path = "id"
		}
		problems = append(problems, Problem{Path: path, Rule: RuleUnique, Where: d.Where(path),
			Reason: fmt.Sprintf("%s is described already in %s", key, before.Where(path))})
	}
	return problems
}

func filesOf(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return []string{path}, err
	}
	var files []string
	err = filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		if ext := strings.ToLower(filepath.Ext(file)); err == nil && !entry.IsDir() && (ext == ".yaml" || ext == ".yml") {
			files = append(files, file)
		}
		return err
	})
	return files, err
}

func parseFile(name string, data []byte) (Docs, Problems) {
	broken := func(line int, reason string) Problem {
		return Problem{Rule: RuleForm, Reason: reason, Where: fmt.Sprintf("%s:%d", name, line)}
	}
	text, line, reason := clean(data)
	if reason != "" {
		return nil, Problems{broken(line, reason)}
	}
	var docs Docs
	var problems Problems
	for _, s := range split(text) {
		root, line, reason := s.parse()
		if reason != "" {
			problems = append(problems, broken(line, reason))
			continue
		}
		if root == nil {
			continue
		}
		doc := &Doc{File: name, Line: s.line, lines: map[string]int{}}
		d := decoder{checker: checker{found: new(Problems)}, doc: doc}
		d.document(root)
		for _, p := range *d.found {
			p.Where = doc.Where(p.Path)
			problems = append(problems, p)
		}
		if doc.Kind != "" {
			docs = append(docs, doc)
		}
	}
	return docs, problems
}
