package catalog_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"datarun"
	"datarun/catalog"
	"datarun/catalog/logtest"
)

// example takes the example out of the page that tells stewards how to write the directory.
func example(t testing.TB) string {
	t.Helper()
	page, err := os.ReadFile("../docs/catalog.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```yaml\n")
	text, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("docs/catalog.md has no example")
	}
	return text
}

func TestTheExampleOfTheDocs(t *testing.T) {
	text := example(t)
	docs, err := catalog.Parse("catalog.md", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	c := open(t, logtest.New())
	diff, err := catalog.Diff(c.Snapshot(), docs)
	if err != nil || len(diff.Warnings) > 0 {
		t.Fatalf("%v %v", err, diff.Warnings)
	}
	apply(t, c, diff.Changes()...)
	if diff, err = catalog.Diff(c.Snapshot(), docs); err != nil || diff.Count(catalog.Unchanged) != 4 || len(diff.Changes()) != 0 {
		t.Errorf("applied again: %+v %v", diff, err)
	}
	// What is commented out must be right as well.
	docs, err = catalog.Parse("catalog.md", []byte(uncommented(text)))
	if err != nil {
		t.Fatal(err)
	}
	if diff, err = catalog.Diff(open(t, logtest.New()).Snapshot(), docs); err != nil || len(diff.Warnings) > 0 {
		t.Errorf("with the comments taken away: %v, %v", err, diff.Warnings)
	}
	if doc := docs[0].Agency; len(doc.Keys) != 1 || len(doc.Subjects) != 1 || docs[2].Resource.Partitions != 6 {
		t.Error("the comments were not taken away")
	}
}

func uncommented(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if rest, ok := strings.CutPrefix(line, "# "); ok {
			lines[i] = rest
		} else if rest, ok := strings.CutPrefix(line, "#   "); ok {
			lines[i] = "  " + rest
		}
	}
	return strings.Join(lines, "\n")
}

func TestYAMLMistakes(t *testing.T) {
	good := example(t)
	for _, test := range []struct{ name, old, new, want string }{
		{"unknown key", "abstract:", "abstrakt:", `there is no such key, did you mean "abstract"?`},
		{"unknown key of an item", "    scale: 2", "    skale: 2", "items[1].skale: there is no such key"},
		{"key twice", "cycle: 2", "cycle: 2\ncycle: 3", "cycle: is given twice, first in line"},
		{"number as text", "share: 2", `share: "2"`, "share: must be a whole number"},
		{"fraction", "share: 2", "share: 2.5", "share: must be a whole number"},
		{"too large", "share: 2", "share: 99999999999", "share: must be a whole number"},
		{"yes", "open: false", "open: no", "open: must be true or false"},
		{"text for a list", "key: [house_id]", "key: house_id", "key: must be a list"},
		{"list for a text", "grade: 一般", "grade: [一般]", "grade: must be a single value"},
		{"text for a mapping", "  - name: area\n", "  - area\n  - name: area\n", "items[1]: must be a mapping"},
		{"anchor", "grade: 一般", "grade: &a 一般", "anchors, aliases, merges and tags are not allowed"},
		{"tag", "grade: 一般", "grade: !!str 一般", "anchors, aliases, merges and tags are not allowed"},
		{"no kind", "kind: resource", "king: resource", "kind: must be agency, resource or grant"},
		{"broken", "grade: 一般", "grade: '一般", "not YAML"},
		{"tab", "grade: 一般", "\tgrade: 一般", "not YAML"},
		{"not UTF-8", "grade: 一般", "grade: \xd2\xbb\xb0\xe3", "not UTF-8"},
		{"nested", "grade: 一般", "grade: " + strings.Repeat("[", 200), "nested too deep"},
		{"nested lists", "grade: 一般", "grade:\n  " + strings.Repeat("- ", 200) + "x", "nested too deep"},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := strings.Replace(good, test.old, test.new, 1)
			if text == good {
				t.Fatal("the example has no such line")
			}
			_, err := catalog.Parse("dir.yaml", []byte(text))
			if datarun.KindOf(err) != datarun.Invalid || !strings.Contains(fmt.Sprint(err), test.want) {
				t.Fatalf("want %q, got: %v", test.want, err)
			}
			for _, p := range catalog.ProblemsOf(err) {
				if !strings.HasPrefix(p.Where, "dir.yaml:") {
					t.Errorf("no line: %+v", p)
				}
			}
		})
	}
}

func TestLinesOfMistakes(t *testing.T) {
	text := "# a comment\r\n---\r\nkind: agency\r\ncode: 11420700009999017F\r\nnmae: x\r\n--- \r\n\r\nkind: resource\r\ncode: 0123\r\nitems:\r\n- name: a\r\n  type: N\r\n  length: 77\r\n  foo: 1\r\n"
	_, err := catalog.Parse("f", []byte(text))
	ps := catalog.ProblemsOf(err)
	if len(ps) != 2 || ps[0].Where != "f:5" || ps[1].Where != "f:14" {
		t.Errorf("unknown keys: %v", err)
	}
	text = strings.Replace(strings.Replace(text, "nmae", "name", 1), "  foo: 1\r\n", "", 1)
	docs, err := catalog.Parse("f", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if docs[1].Resource.Code != "0123" {
		t.Errorf("a code is text, got %q", docs[1].Resource.Code)
	}
	_, err = catalog.Diff(open(t, logtest.New()).Snapshot(), docs)
	want := map[string]string{"code": "f:9", "items[0].length": "f:13", "name": "f:8"}
	for _, p := range catalog.ProblemsOf(err) {
		if where, ok := want[p.Path]; ok && p.Where != where {
			t.Errorf("%s is at %s, want %s", p.Path, p.Where, where)
		}
		delete(want, p.Path)
	}
	if len(want) > 0 {
		t.Errorf("nothing about %v in %v", want, err)
	}
}

func TestParseFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("b.yaml", "kind: grant\nid: g1\n---\nkind: agency\ncode: a1\n")
	write("a.yml", "\ufeffkind: resource\ncode: r1\n")
	write("readme.txt", "not: yaml: at: all")
	docs, err := catalog.ParseFiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, d := range docs {
		ids = append(ids, d.ID())
	}
	if want := []string{"a1", "r1", "g1"}; !reflect.DeepEqual(ids, want) {
		t.Errorf("order %v, want %v", ids, want)
	}
	write("c.yaml", "\n\nkind: grant\nid: g1\n")
	_, err = catalog.ParseFiles(filepath.Join(dir, "b.yaml"), filepath.Join(dir, "c.yaml"))
	if text := fmt.Sprint(err); !strings.Contains(text, "c.yaml:4") || !strings.Contains(text, "b.yaml:2") {
		t.Errorf("both places are to be named: %v", err)
	}
	if _, err = catalog.ParseFiles(filepath.Join(dir, "no.yaml")); datarun.KindOf(err) != datarun.Invalid {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err = catalog.Parse("empty", []byte("# nothing\n---\n")); datarun.KindOf(err) != datarun.Invalid {
		t.Errorf("no document: %v", err)
	}
}

// Every kind of field that Resource, Agency and Grant have must be one that the YAML decoder knows; it panics otherwise.
func TestEveryFieldHasYAML(t *testing.T) {
	var text strings.Builder
	for kind, v := range map[string]any{"resource": datarun.Resource{}, "agency": datarun.Agency{}, "grant": datarun.Grant{}} {
		fmt.Fprintf(&text, "---\nkind: %s\n", kind)
		members(&text, reflect.TypeOf(v), "")
	}
	if _, err := catalog.Parse("all", []byte(text.String())); err != nil {
		t.Errorf("%v in:\n%s", err, text.String())
	}
}

func members(b *strings.Builder, typ reflect.Type, indent string) {
	for i := range typ.NumField() {
		f := typ.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		fmt.Fprintf(b, "%s%s:", indent, name)
		switch f.Type.Kind() {
		case reflect.Struct:
			b.WriteString("\n")
			members(b, f.Type, indent+"  ")
		case reflect.Slice:
			if f.Type.Elem().Kind() == reflect.Struct {
				fmt.Fprintf(b, "\n%s-\n", indent)
				members(b, f.Type.Elem(), indent+"  ")
				break
			}
			b.WriteString(" [x]\n")
		case reflect.Bool:
			b.WriteString(" true\n")
		case reflect.String:
			b.WriteString(" x\n")
		default:
			b.WriteString(" 1\n")
		}
	}
}
