package catalog

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"datarun"
)

// Field is one member that differs between two versions, as text. Items go by name and not by place:
// "items[area].length".
type Field struct {
	Path string `json:"path"`
	Old  string `json:"old,omitempty"` // empty: was not there
	New  string `json:"new,omitempty"` // empty: is not there any more
}

// String renders "path: old → new".
func (f Field) String() string {
	return fmt.Sprintf("%s: %s → %s", f.Path, shown(f.Old), shown(f.New))
}

func shown(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}

// compare lists the members in which two values of one struct type differ, in the order of the struct. Members named in
// except are left out.
func compare(old, now any, except ...string) []Field {
	before, after := flatten(old), flatten(now)
	var fields []Field
	add := func(path string) {
		if before.text[path] != after.text[path] && !slices.Contains(except, path) {
			fields = append(fields, Field{path, before.text[path], after.text[path]})
		}
	}
	for _, path := range after.paths {
		add(path)
	}
	for _, path := range before.paths {
		if _, both := after.text[path]; !both {
			add(path)
		}
	}
	return fields
}

// flat is a struct as texts by path, zero values left out.
type flat struct {
	paths []string
	text  map[string]string
}

func flatten(v any) flat {
	f := flat{text: map[string]string{}}
	f.walk("", reflect.ValueOf(v))
	return f
}

func (f *flat) put(path, text string) {
	if text != "" {
		f.paths = append(f.paths, path)
		f.text[path] = text
	}
}

func (f *flat) walk(path string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Invalid: // nil: nothing there
	case reflect.Pointer:
		if !v.IsNil() {
			f.walk(path, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			f.walk(join(path, name), v.Field(i))
		}
	case reflect.Slice:
		f.list(path, v)
	default:
		if !v.IsZero() {
			f.put(path, fmt.Sprint(v.Interface()))
		}
	}
}

// list writes a list of words as one text. Of items and keys it writes the names, and each by its name.
func (f *flat) list(path string, v reflect.Value) {
	names := make([]string, v.Len())
	for i := range names {
		switch x := v.Index(i).Interface().(type) {
		case datarun.Item:
			names[i] = string(x.Name)
		case datarun.KeyDigest:
			names[i] = x.ID
		default:
			names[i] = fmt.Sprint(x)
		}
	}
	f.put(path, strings.Join(names, ", "))
	for i := range names {
		if v.Index(i).Kind() == reflect.Struct {
			f.walk(path+"["+names[i]+"]", v.Index(i))
		}
	}
}
