package house

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// The words are taken apart here so that this file does not break its own rule.
	notes    = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME)\b`)
	machines = regexp.MustCompile(`(^|[^\w./-])/(ro` + `ot|home|Users|wo` + `rk)/[\w.-]+`)
	replaces = regexp.MustCompile(`(?m)^\s*replace[\s(]`)
)

// readable reports whether a file is text that people write.
func readable(file string) bool {
	switch path.Ext(file) {
	case ".go", ".md", ".yaml", ".yml", ".sh", ".mod", ".sql", ".proto", ".xml", ".css", ".html", ".js":
		return true
	}
	base := path.Base(file)
	return base == "Makefile" || base == "Dockerfile" || strings.HasPrefix(file, ".ci/")
}

func textBreaches(file string, text []byte) []breach {
	var breaches []breach
	line := 0
	for s := range strings.Lines(string(text)) {
		line++
		where := fmt.Sprintf("%s:%d", file, line)
		if m := notes.FindString(s); m != "" {
			breaches = append(breaches, breach{where, m + ": do it, or file it where work is planned; in the code nobody comes back to it"})
		}
		if m := machines.FindStringSubmatch(s); m != nil {
			breaches = append(breaches, breach{where, "names a folder of one machine (/" + m[2] + "/…): it is not there on the next"})
		}
	}
	if file == "go.mod" && replaces.Match(text) {
		breaches = append(breaches, breach{file, "has a replace: whoever imports datarun as a module would not get it, and build something else than we test"})
	}
	return breaches
}

func TestTexts(t *testing.T) {
	texts := files(t, readable)
	for _, file := range slices.Sorted(maps.Keys(texts)) {
		report(t, textBreaches(file, texts[file]))
	}
}

func TestTextRulesBite(t *testing.T) {
	for _, test := range []struct {
		file, text string
		want       int
	}{
		{"a.go", "// all done\n", 0},
		{"a.go", "// TO" + "DO: later\n", 1},
		{"Makefile", "# FIX" + "ME\n", 1},
		{"a.md", "see /ro" + "ot/x and\n/home/me/y\n", 2},
		{"a.md", "https://example.com/home/page, ./wo" + "rk/x, GET /home\n", 0},
		{"go.mod", "module datarun\n\nreplace a => b\n", 1},
		{"go.mod", "module datarun\n\nreplace (\n\ta => b\n)\n", 1},
		{"go.mod", "module datarun\n\nrequire example.com/replace v1.0.0\n", 0},
	} {
		if got := textBreaches(test.file, []byte(test.text)); len(got) != test.want {
			t.Errorf("%s %q: %d breaches, want %d: %v", test.file, test.text, len(got), test.want, got)
		}
	}
}
