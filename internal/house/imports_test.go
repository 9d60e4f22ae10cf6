package house

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// columns never import one another: they meet in internal/app.
var columns = []string{"connectors", "exchange", "catalog", "warehouse", "portal"}

// composers may import everything, for wiring is all they do.
var composers = []string{"internal/app", "internal/cli", "internal/demo", "internal/bench", "internal/e2e", "cmd"}

// notConnectors are the folders of connectors/ that are no kind of system: the machinery around them, and what they share.
var notConnectors = []string{"wire", "conntest", "host", "sqltable", "internal"}

// under reports whether dir is top or below it.
func under(dir, top string) bool { return dir == top || strings.HasPrefix(dir, top+"/") }

func underAny(dir string, tops []string) bool {
	return slices.ContainsFunc(tops, func(top string) bool { return under(dir, top) })
}

// testware reports whether a package exists for tests only: internal/need, and what is named after what it fakes or starts.
func testware(dir string) bool {
	return under(dir, "internal/need") || strings.HasSuffix(dir, "test")
}

// standard reports whether an import path is of the standard library.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".") && first != module
}

// wrongImport says why the package in folder dir may not import that path, "" when it may.
func wrongImport(dir string, test bool, imported string) string {
	to, own := strings.CutPrefix(imported, module+"/")
	switch {
	case imported == "log" && !test: // a test may want a logger of the standard kind, to silence a server
		return "log with log/slog, and a logger that was passed in: the operator sets level and form in one place"
	case dir == "." && imported != module && !standard(imported) && !(test && testware(to)):
		return "the root is the vocabulary: it imports the standard library only, so that everything can import it"
	case !own:
		return ""
	case testware(to) && !test && !testware(dir) && !underAny(dir, []string{"internal/e2e", "internal/bench"}):
		return "testware is for tests: it drags package testing, and servers that nobody asked for, into the binary"
	case underAny(dir, composers):
		return ""
	case underAny(to, composers):
		return "only a main and its commands may import what wires everything: otherwise everything depends on everything"
	case under(to, "internal/house"):
		return "the rules of the house are no code to build on"
	case test && testware(to):
		return ""
	}
	if reason := wrongConnectorImport(dir, test, to); reason != "" {
		return reason
	}
	return wrongColumnImport(dir, to)
}

func wrongColumnImport(dir, to string) string {
	from := columnOf(dir)
	into := columnOf(to)
	switch {
	case from == "" && into != "" && !testware(dir):
		return "packages under internal/ serve the columns and know none of them; wiring belongs into internal/app"
	case from != "" && into != "" && from != into:
		return "the columns never import one another: declare the interface you need here, and let internal/app bring the two together"
	case from != "" && into == "" && to != "internal/rowjson" && !testware(dir):
		return "a column imports the root, internal/rowjson and itself: so it can be read, tested and replaced alone"
	}
	return ""
}

func columnOf(dir string) string {
	first, _, _ := strings.Cut(dir, "/")
	if slices.Contains(columns, first) {
		return first
	}
	return ""
}

// wrongConnectorImport holds the packages of one kind of system to what a third party's connector could import as well.
func wrongConnectorImport(dir string, test bool, to string) string {
	kind, ok := connectorOf(dir)
	if !ok || test && to == "connectors/host" {
		return ""
	}
	if to == "connectors" || under(to, "connectors/"+kind) || under(to, "connectors/sqltable") || under(to, "connectors/internal") || to == "internal/rowjson" {
		return ""
	}
	return "a connector imports the root, connectors, connectors/sqltable, connectors/internal, internal/rowjson and its own driver: so a new one touches its own folder and one list, and a broken one breaks nothing else"
}

func connectorOf(dir string) (string, bool) {
	parts := strings.Split(dir, "/")
	if parts[0] != "connectors" || len(parts) < 2 || slices.Contains(notConnectors, parts[1]) {
		return "", false
	}
	return parts[1], true
}

func importBreaches(s *source) []breach {
	var breaches []breach
	for _, spec := range s.ast.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		if reason := wrongImport(s.dir, s.test(), imported); reason != "" {
			breaches = append(breaches, breach{s.at(spec), "imports " + imported + ": " + reason})
		}
	}
	return breaches
}

func TestImports(t *testing.T) {
	for _, s := range goFiles(t) {
		report(t, importBreaches(s))
	}
}

func TestImportRulesBite(t *testing.T) {
	for _, test := range []struct {
		file, imported string
		wrong          bool
	}{
		{"record.go", "encoding/json", false},
		{"record.go", "github.com/x/y", true},
		{"record.go", "datarun/catalog", true},
		{"record_test.go", "datarun", false},
		{"catalog/a.go", "datarun", false},
		{"catalog/a.go", "datarun/internal/rowjson", false},
		{"catalog/a.go", "github.com/goccy/go-yaml", false},
		{"catalog/a.go", "log", true},
		{"catalog/a.go", "log/slog", false},
		{"catalog/a_test.go", "log", false},
		{"catalog/a.go", "datarun/exchange", true},
		{"catalog/a_test.go", "datarun/exchange", true},
		{"catalog/a.go", "datarun/internal/config", true},
		{"catalog/a.go", "datarun/internal/app", true},
		{"catalog/a_test.go", "datarun/internal/need", false},
		{"catalog/a.go", "datarun/internal/need", true},
		{"catalog/a_test.go", "datarun/catalog/logtest", false},
		{"catalog/logtest/a.go", "datarun/internal/need", false},
		{"portal/api/a.go", "datarun/portal/auth", false},
		{"portal/api/a.go", "datarun/warehouse/lookup", true},
		{"connectors/postgres/a.go", "datarun/connectors", false},
		{"connectors/postgres/a.go", "datarun/connectors/sqltable", false},
		{"connectors/postgres/a.go", "datarun/connectors/internal/shape", false},
		{"connectors/postgres/a.go", "datarun/connectors/mysql", true},
		{"connectors/postgres/a.go", "datarun/connectors/host", true},
		{"connectors/postgres/a.go", "datarun/connectors/conntest", true},
		{"connectors/postgres/a_test.go", "datarun/connectors/conntest", false},
		{"connectors/host/a.go", "datarun/connectors/wire", false},
		{"internal/app/a.go", "datarun/exchange", false},
		{"internal/app/a.go", "datarun/internal/need", true},
		{"internal/config/a.go", "datarun/exchange", true},
		{"internal/rowjson/a.go", "datarun", false},
		{"internal/pgtest/a.go", "datarun/internal/need", false},
		{"internal/e2e/a.go", "datarun/internal/need", false},
		{"cmd/datarun/main.go", "datarun/internal/cli", false},
	} {
		reason := wrongImport(path.Dir(test.file), strings.HasSuffix(test.file, "_test.go"), test.imported)
		if (reason != "") != test.wrong {
			t.Errorf("%s imports %s: wrong %v, want %v (%s)", test.file, test.imported, reason != "", test.wrong, reason)
		}
	}
}
