package house

import (
	"fmt"
	"go/ast"
	"testing"
)

const mostMethods = 4

// wide are the interfaces that may have more methods, with the reason.
var wide = map[string]string{
	"connectors.Source": "the contract of a connector is one life from check to close; a part of it alone is no source",
}

// interfaceBreaches wants interfaces of 1 to 4 methods: the caller declares what it needs, and a fake of it is short.
func interfaceBreaches(s *source) []breach {
	if s.generated() {
		return nil
	}
	var breaches []breach
	ast.Inspect(s.ast, func(node ast.Node) bool {
		spec, ok := node.(*ast.TypeSpec)
		if !ok {
			return true
		}
		it, ok := spec.Type.(*ast.InterfaceType)
		if !ok || wide[s.ast.Name.Name+"."+spec.Name.Name] != "" {
			return true
		}
		switch n, constraint := methods(it); {
		case constraint:
		case n == 0:
			breaches = append(breaches, breach{s.at(spec), spec.Name.Name + " has no method: any says so too"})
		case n > mostMethods:
			breaches = append(breaches, breach{s.at(spec), fmt.Sprintf("%s has %d methods, %d are the most: declare what one caller needs", spec.Name.Name, n, mostMethods)})
		}
		return true
	})
	return breaches
}

// methods counts methods, an embedded interface as one; constraint is set when it is a set of types and no contract.
func methods(it *ast.InterfaceType) (n int, constraint bool) {
	for _, field := range it.Methods.List {
		switch field.Type.(type) {
		case *ast.FuncType:
			n += len(field.Names)
		case *ast.UnaryExpr, *ast.BinaryExpr:
			constraint = true
		default:
			n++
		}
	}
	return n, constraint
}

func TestInterfaces(t *testing.T) {
	for _, s := range goFiles(t) {
		report(t, interfaceBreaches(s))
	}
}

func TestInterfaceRulesBite(t *testing.T) {
	for _, test := range []struct {
		text string
		want int
	}{
		{"type I interface{ A(); B(); C(); D() }", 0},
		{"type I interface{ A(); B(); C(); D(); E() }", 1},
		{"type I interface{ io.Reader; B(); C(); D(); E() }", 1},
		{"type I interface{}", 1},
		{"type I interface{ ~string | ~[]byte }", 0},
		{"type I interface{ ~string }", 0},
		{"func f() { type I interface{} }", 1},
		{"type Source interface{ A(); B(); C(); D(); E() }", 1},
	} {
		if got := interfaceBreaches(mustSource(t, "a/a.go", "package a\n"+test.text+"\n")); len(got) != test.want {
			t.Errorf("%q: %d breaches, want %d: %v", test.text, len(got), test.want, got)
		}
	}
	source := "package connectors\ntype Source interface{ A(); B(); C(); D(); E() }\n"
	if got := interfaceBreaches(mustSource(t, "connectors/source.go", source)); len(got) != 0 {
		t.Errorf("the contract of connectors: %v", got)
	}
}
