package config

import (
	"fmt"
	"reflect"
	"strings"
)

// Reference returns every setting as a Markdown table: key, default, meaning. docs/configuration.md holds it.
func Reference() string {
	var b strings.Builder
	b.WriteString("| key | default | meaning |\n|---|---|---|\n")
	writeReference(&b, "", reflect.TypeFor[Config]())
	return b.String()
}

func writeReference(b *strings.Builder, prefix string, t reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		key := f.Tag.Get("yaml")
		if key == "" {
			continue
		}
		if doc := f.Tag.Get("doc"); doc != "" {
			fmt.Fprintf(b, "| `%s%s` | %s | %s |\n", prefix, key, code(f.Tag.Get("default")), doc)
		}
		switch {
		case f.Type.Kind() == reflect.Struct:
			writeReference(b, prefix+key+".", f.Type)
		case f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct:
			writeReference(b, prefix+key+"[].", f.Type.Elem())
		}
	}
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}
