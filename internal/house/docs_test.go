package house

import (
	"go/ast"
	"go/token"
	"path"
	"strings"
	"testing"
)

// packageBreaches wants a package comment in every package, in doc.go: that is where a reader looks first.
func packageBreaches(sources []*source) []breach {
	type pkg struct {
		first   *source
		comment *source
		main    bool
	}
	packages := map[string]*pkg{}
	var order []string
	for _, s := range sources {
		if s.test() || s.generated() && packages[s.dir] != nil {
			continue
		}
		p := packages[s.dir]
		if p == nil {
			p = &pkg{first: s, main: s.ast.Name.Name == "main"}
			packages[s.dir] = p
			order = append(order, s.dir)
		}
		if s.ast.Doc != nil && (p.comment == nil || path.Base(s.path) == "doc.go") {
			p.comment = s
		}
	}
	var breaches []breach
	for _, dir := range order {
		p := packages[dir]
		if p.comment == nil {
			if !p.first.generated() {
				breaches = append(breaches, breach{dir, "has no package comment: write doc.go, what it is in one sentence, what it guarantees, what it does not do"})
			}
			continue
		}
		text := p.comment.ast.Doc.Text()
		if !p.main && path.Base(p.comment.path) != "doc.go" {
			breaches = append(breaches, breach{p.comment.path, "the package comment belongs into doc.go, where a reader looks first"})
		}
		if !p.main && !strings.HasPrefix(text, "Package "+p.comment.ast.Name.Name+" ") {
			breaches = append(breaches, breach{p.comment.path, "the package comment must begin with \"Package " + p.comment.ast.Name.Name + " \""})
		}
		if !sentence(text) {
			breaches = append(breaches, breach{p.comment.path, "the package comment must end with a period"})
		}
	}
	return breaches
}

// sentence reports whether a comment ends as one: with a period or its like, or with an indented example.
func sentence(text string) bool {
	text = strings.TrimRight(text, "\n")
	last := text[strings.LastIndex(text, "\n")+1:]
	if strings.HasPrefix(last, "\t") || strings.HasPrefix(last, " ") {
		return true
	}
	last = strings.TrimRight(last, `")'”）]`)
	for _, end := range []string{".", "!", "?", "。"} {
		if strings.HasSuffix(last, end) {
			return true
		}
	}
	return false
}

// docBreaches wants a comment on every exported name, a sentence that ends with a period.
func docBreaches(s *source) []breach {
	if s.test() || s.generated() || s.ast.Name.Name == "main" {
		return nil
	}
	var breaches []breach
	check := func(node ast.Node, name string, docs ...*ast.CommentGroup) {
		if !ast.IsExported(name) {
			return
		}
		for i, doc := range docs {
			if doc == nil || strings.TrimSpace(doc.Text()) == "" {
				continue
			}
			if i == 0 && !sentence(doc.Text()) {
				breaches = append(breaches, breach{s.at(node), name + ": the comment must be a sentence that ends with a period"})
			}
			return
		}
		breaches = append(breaches, breach{s.at(node), name + " is exported and has no comment: say shapes, units, defaults, errors"})
	}
	for _, decl := range s.ast.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil || ast.IsExported(receiver(d.Recv.List[0].Type)) {
				check(d, d.Name.Name, d.Doc)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				checkSpec(d, spec, check)
			}
		}
	}
	return breaches
}

// checkSpec takes a type's own comment, or its group's when it stands alone. A constant or variable of a group may be
// covered by the group's comment, or have one behind it on its line.
func checkSpec(d *ast.GenDecl, spec ast.Spec, check func(ast.Node, string, ...*ast.CommentGroup)) {
	switch x := spec.(type) {
	case *ast.TypeSpec:
		if d.Lparen == token.NoPos {
			check(x, x.Name.Name, d.Doc)
		} else {
			check(x, x.Name.Name, x.Doc)
		}
		if it, ok := x.Type.(*ast.InterfaceType); ok && ast.IsExported(x.Name.Name) {
			for _, m := range it.Methods.List {
				for _, name := range m.Names {
					check(m, name.Name, m.Doc, m.Comment, d.Doc, x.Doc)
				}
			}
		}
	case *ast.ValueSpec:
		for _, name := range x.Names {
			if d.Lparen == token.NoPos {
				check(x, name.Name, d.Doc, x.Comment)
			} else {
				check(x, name.Name, x.Doc, x.Comment, d.Doc)
			}
		}
	}
}

// receiver is the name of a method's type.
func receiver(expr ast.Expr) string {
	switch x := expr.(type) {
	case *ast.StarExpr:
		return receiver(x.X)
	case *ast.IndexExpr:
		return receiver(x.X)
	case *ast.IndexListExpr:
		return receiver(x.X)
	case *ast.Ident:
		return x.Name
	}
	return ""
}

func TestPackageDocs(t *testing.T) { report(t, packageBreaches(goFiles(t))) }

func TestExportedDocs(t *testing.T) {
	for _, s := range goFiles(t) {
		report(t, docBreaches(s))
	}
}

func TestDocRulesBite(t *testing.T) {
	for _, test := range []struct {
		text string
		want int
	}{
		{"// X is.\nfunc X() {}", 0},
		{"// X is\nfunc X() {}", 1},
		{"func X() {}", 1},
		{"func x() {}", 0},
		{"func (t *T) X() {}", 1},
		{"func (t t[a]) X() {}", 0},
		{"// T is.\ntype T struct{ A int }", 0},
		{"type T struct{}", 1},
		{"type (\n// T is.\nT int\nU int\n)", 1},
		{"// The things.\nconst (\nA = 1\nB = 2 // more\n)", 0},
		{"const A = 1", 1},
		{"const A = 1 // one", 0},
		{"// T is, like so:\n//\n//\tT{}\ntype T int", 0},
		{"// T is (really).\ntype T int", 0},
	} {
		s := mustSource(t, "catalog/a.go", "package catalog\n"+test.text+"\n")
		if got := docBreaches(s); len(got) != test.want {
			t.Errorf("%q: %d breaches, want %d: %v", test.text, len(got), test.want, got)
		}
	}
	for _, test := range []struct {
		file, text string
		want       int
	}{
		{"a/doc.go", "// Package a is.\npackage a", 0},
		{"a/a.go", "// Package a is.\npackage a", 1},
		{"a/a.go", "package a", 1},
		{"a/doc.go", "// A is.\npackage a", 1},
		{"a/doc.go", "// Package a is\npackage a", 1},
		{"cmd/a/main.go", "// Command a does.\npackage main", 0},
		{"a/a_test.go", "package a", 0},
	} {
		if got := packageBreaches([]*source{mustSource(t, test.file, test.text+"\n")}); len(got) != test.want {
			t.Errorf("%s %q: %d breaches, want %d: %v", test.file, test.text, len(got), test.want, got)
		}
	}
}

func mustSource(t *testing.T, file, text string) *source {
	t.Helper()
	s, err := newSource(file, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}
