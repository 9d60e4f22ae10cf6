package strict

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"sort"
	"strings"

	"datarun"
)

// Decode reads raw, a JSON object, into the struct that into points to, by its json tags. Keys that are absent leave
// their field alone; nothing, null and {} leave everything alone. place begins every error: "files: settings".
func Decode(place string, raw json.RawMessage, into any) error {
	trimmed := bytes.TrimSpace(raw)
	if len(trimmed) == 0 || string(trimmed) == "null" {
		return nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(trimmed, &members); err != nil {
		return datarun.Errorf(datarun.Invalid, place, "not a JSON object: %s", reason(err))
	}
	fields := fieldsOf(reflect.ValueOf(into).Elem())
	keys := make([]string, 0, len(members))
	for key := range members {
		keys = append(keys, key)
	}
	sort.Strings(keys) // the same error for the same input
	for _, key := range keys {
		field, known := fields[key]
		if !known {
			return unknown(place, key, fields)
		}
		if err := json.Unmarshal(members[key], field.Addr().Interface()); err != nil {
			return datarun.Errorf(datarun.Invalid, place, "key %q: %s", key, reason(err))
		}
	}
	return nil
}

// fieldsOf lists the settable fields of a struct by their JSON name.
func fieldsOf(v reflect.Value) map[string]reflect.Value {
	fields := make(map[string]reflect.Value)
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if name != "" && name != "-" {
			fields[name] = v.Field(i)
		}
	}
	return fields
}

func unknown(place, key string, fields map[string]reflect.Value) error {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	sort.Strings(names)
	if near := Nearest(key, names); near != "" {
		return datarun.Errorf(datarun.Invalid, place, "unknown key %q; did you mean %q?", key, near)
	}
	return datarun.Errorf(datarun.Invalid, place, "unknown key %q; the keys are %s", key, strings.Join(names, ", "))
}

// reason says what is wrong with a value without repeating it.
func reason(err error) string {
	var wrongKind *json.UnmarshalTypeError
	if errors.As(err, &wrongKind) {
		kind, _, _ := strings.Cut(wrongKind.Value, " ") // "number 1.5" names the value
		return "a JSON " + kind + " where " + wanted(wrongKind.Type) + " is expected"
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return "not JSON"
	}
	return err.Error()
}

func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice, reflect.Array:
		return "an array"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	default:
		return "a number (" + t.Kind().String() + ")"
	}
}
