package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"datarun"
)

// Default returns the configuration of an empty file.
func Default() *Config {
	c := &Config{}
	setDefaults(reflect.ValueOf(c).Elem())
	return c
}

// LoadDefault is Default with its paths taken from the working directory: what holds without a file.
func LoadDefault() *Config {
	c := Default()
	c.anchor(".")
	return c
}

// Load reads and validates a file. Every problem found is in the error, one per line, each with file, line and key.
// Relative paths in the file are taken from its folder.
func Load(path string) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		kind := datarun.Invalid
		if os.IsNotExist(err) {
			kind = datarun.NotFound
		}
		return nil, datarun.Errorf(kind, "config", "%w", err)
	}
	c, err := parse(path, data)
	if err != nil {
		return nil, err
	}
	c.anchor(filepath.Dir(path))
	return c, nil
}

// parse decodes data strictly, fills defaults and validates.
func parse(path string, data []byte) (*Config, error) {
	c := &Config{path: path}
	decoder := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict())
	if err := decoder.Decode(c); err != nil && !errors.Is(err, io.EOF) {
		var ye yaml.Error
		if errors.As(err, &ye) {
			pos := ye.GetToken().Position
			return nil, datarun.Errorf(datarun.Invalid, "config", "%s:%d:%d: %s", path, pos.Line, pos.Column, ye.GetMessage())
		}
		return nil, datarun.Errorf(datarun.Invalid, "config", "%s: %w", path, err)
	}
	setDefaults(reflect.ValueOf(c).Elem())
	for i := range c.Sources {
		setDefaults(reflect.ValueOf(&c.Sources[i]).Elem())
	}
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, datarun.Errorf(datarun.Invalid, "config", "%s: %w", path, err)
	}
	return c, c.validate(lines{path: path, file: file})
}

// setDefaults fills zero fields from their default tags.
func setDefaults(v reflect.Value) {
	for i := range v.NumField() {
		field, f := v.Type().Field(i), v.Field(i)
		def := field.Tag.Get("default")
		if f.Kind() == reflect.Struct {
			setDefaults(f)
			continue
		}
		if def == "" || !f.IsZero() {
			continue
		}
		if err := setText(f, def); err != nil {
			panic(fmt.Sprintf("default of %s: %v", field.Name, err)) // a constant of this package, held by a test
		}
	}
}

func setText(f reflect.Value, text string) error {
	switch p := f.Addr().Interface().(type) {
	case *time.Duration:
		d, err := time.ParseDuration(text)
		*p = d
		return err
	case *Size:
		return p.UnmarshalText([]byte(text))
	case *[]string:
		*p = strings.Split(text, ",")
	case *string:
		*p = text
	case *bool:
		b, err := strconv.ParseBool(text)
		*p = b
		return err
	case *int:
		n, err := strconv.Atoi(text)
		*p = n
		return err
	default:
		return fmt.Errorf("no default for a %s", f.Type())
	}
	return nil
}

// anchor makes relative paths absolute, from dir.
func (c *Config) anchor(dir string) {
	paths := []*string{&c.Data, &c.Portal.Cert, &c.Portal.Key, &c.Portal.ClientCA, &c.Kafka.TLS.CA, &c.Kafka.TLS.Cert,
		&c.Kafka.TLS.Key, &c.ClickHouse.TLS.CA, &c.ClickHouse.TLS.Cert, &c.ClickHouse.TLS.Key, &c.ClickHouse.Engine}
	for i := range c.Sources {
		paths = append(paths, &c.Sources[i].Command.Path)
	}
	for _, p := range paths {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
		if *p != "" {
			if abs, err := filepath.Abs(*p); err == nil {
				*p = abs
			}
		}
	}
}

// lines finds where a key stands in the file.
type lines struct {
	path string
	file *ast.File
}

// at renders "file:line: key" for a YAML path such as $.sources[0].name; without the line when the key is absent.
func (l lines) at(key string) string {
	shown := strings.TrimPrefix(key, "$.")
	if l.file == nil {
		return l.path
	}
	for k := key; k != "$" && k != ""; k = parent(k) {
		p, err := yaml.PathString(k)
		if err != nil {
			break
		}
		node, err := p.FilterFile(l.file)
		if err == nil && node != nil {
			return fmt.Sprintf("%s:%d: %s", l.path, node.GetToken().Position.Line, shown)
		}
	}
	return l.path + ": " + shown
}

func parent(key string) string {
	i := strings.LastIndexAny(key, ".[")
	if i <= 0 {
		return ""
	}
	return key[:i]
}
