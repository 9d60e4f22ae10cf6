package catalog

import (
	"fmt"
	"reflect"
	"strconv"

	"github.com/goccy/go-yaml/ast"

	"datarun"
)

// decoder puts a YAML tree into a struct by its yaml tags. It is used in place of the library's own because a steward
// wants every mistake at once and with its line, and because a code is text: the library makes 83 of an unquoted 0123
// and 2 of 2.5. Keys are strict; anchors, aliases and tags are refused, a directory needs none.
type decoder struct {
	checker
	doc *Doc
}

// document finds the kind and decodes the rest into what it stands for.
func (d *decoder) document(root ast.Node) {
	d.doc.lines[""] = d.line(root)
	pairs, ok := pairsOf(root)
	if !ok {
		d.fail(root, "", RuleForm, "a document must be a mapping that begins with kind:")
		return
	}
	var kind string
	for _, p := range pairs {
		if name, _ := textOf(p.Key); name == "kind" {
			kind, _ = textOf(p.Value)
			d.doc.lines["kind"] = d.line(p.Key)
		}
	}
	switch d.doc.Kind = DocKind(kind); d.doc.Kind {
	case KindAgency:
		d.doc.Agency = &datarun.Agency{}
		d.decode(root, "", reflect.ValueOf(d.doc.Agency).Elem())
	case KindResource:
		d.doc.Resource = &datarun.Resource{}
		d.decode(root, "", reflect.ValueOf(d.doc.Resource).Elem())
	case KindGrant:
		d.doc.Grant = &datarun.Grant{}
		d.decode(root, "", reflect.ValueOf(d.doc.Grant).Elem())
	default:
		d.doc.Kind = ""
		d.bad("kind", RuleChoice, "must be agency, resource or grant")
	}
}

func (d *decoder) fail(node ast.Node, path string, rule Rule, format string, args ...any) {
	d.doc.lines[path] = d.line(node)
	d.bad(path, rule, format, args...)
}

func (d *decoder) line(node ast.Node) int {
	if token := node.GetToken(); token != nil && token.Position != nil {
		return d.doc.Line + token.Position.Line - 1
	}
	return d.doc.Line
}

func (d *decoder) decode(node ast.Node, path string, to reflect.Value) {
	d.doc.lines[path] = d.line(node)
	switch node.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode:
		d.fail(node, path, RuleForm, "anchors, aliases, merges and tags are not allowed here")
		return
	case *ast.NullNode:
		return // "key:" with nothing behind it is as absent; whether it may be is judged later
	}
	switch to.Kind() {
	case reflect.Struct:
		d.object(node, path, to)
	case reflect.Slice:
		d.list(node, path, to)
	default:
		d.scalar(node, path, to)
	}
}

func (d *decoder) object(node ast.Node, path string, to reflect.Value) {
	pairs, ok := pairsOf(node)
	if !ok {
		d.fail(node, path, RuleForm, "must be a mapping, key: value")
		return
	}
	fields := map[string]reflect.Value{}
	fieldsOf(to, fields)
	seen := map[string]int{}
	for _, p := range pairs {
		name, ok := textOf(p.Key)
		member := join(path, name)
		line := d.line(p.Key)
		first, twice := seen[name]
		field, known := fields[name]
		switch {
		case !ok:
			d.fail(p.Key, path, RuleForm, "a key must be plain text")
		case path == "" && name == "kind" && !twice: // read by document
		case twice:
			d.fail(p.Key, member, RuleUnique, "is given twice, first in line %d", first)
		case !known:
			d.fail(p.Key, member, RuleUnknown, "there is no such key%s", nearest(name, fields))
		default:
			d.decode(p.Value, member, field)
			d.doc.lines[member] = line
		}
		seen[name] = line
	}
}

func (d *decoder) list(node ast.Node, path string, to reflect.Value) {
	seq, ok := node.(*ast.SequenceNode)
	if !ok {
		d.fail(node, path, RuleForm, "must be a list")
		return
	}
	if len(seq.Values) > maxChanges {
		d.fail(node, path, RuleLength, "over %d members", maxChanges)
		return
	}
	to.Set(reflect.MakeSlice(to.Type(), len(seq.Values), len(seq.Values)))
	for i, value := range seq.Values {
		d.decode(value, index(path, i), to.Index(i))
	}
}

func (d *decoder) scalar(node ast.Node, path string, to reflect.Value) {
	text, ok := textOf(node)
	if !ok {
		d.fail(node, path, RuleForm, "must be a single value")
		return
	}
	_, quoted := node.(*ast.StringNode)
	switch to.Kind() {
	case reflect.String:
		to.SetString(text)
	case reflect.Bool:
		b, isBool := node.(*ast.BoolNode)
		if !isBool {
			d.fail(node, path, RuleForm, "must be true or false")
			return
		}
		to.SetBool(b.Value)
	case reflect.Int:
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil || quoted {
			d.fail(node, path, RuleForm, "must be a whole number")
			return
		}
		to.SetInt(n)
	case reflect.Uint16:
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil || quoted {
			d.fail(node, path, RuleForm, "must be a whole number, 0 to 65535")
			return
		}
		to.SetUint(n)
	default:
		panic(fmt.Sprintf("catalog: no YAML for %s", to.Type())) // TestEveryFieldHasYAML looks at all of them
	}
}
