package config

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	"datarun"
)

// Size is a number of bytes, written with a unit: 512KiB, 32MiB, 4GiB, or plain bytes.
type Size int64

var sizeUnits = []struct {
	suffix string
	factor int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"B", 1}, {"", 1}}

// UnmarshalText reads a size.
func (s *Size) UnmarshalText(text []byte) error {
	for _, u := range sizeUnits {
		digits, ok := strings.CutSuffix(string(text), u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		if err != nil || n < 0 || n > (1<<62)/u.factor {
			break
		}
		*s = Size(n * u.factor)
		return nil
	}
	return fmt.Errorf("want a size such as 512KiB, 32MiB or 4GiB")
}

// Secret is text that does not print: every verb shows a mask. It holds a reference or the text itself; Reveal resolves.
type Secret string

// String masks the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "******"
}

// GoString masks the secret.
func (s Secret) GoString() string { return s.String() }

// MarshalText masks the secret, in JSON and YAML too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Reveal returns the secret itself, resolving ${env:NAME} and ${file:PATH}.
func (s Secret) Reveal() (string, error) { return resolve(string(s)) }

var reference = regexp.MustCompile(`\$\{(env|file):([^}]+)\}`)

// resolve replaces references in text. The error names the reference and never what it stands for.
func resolve(text string) (string, error) {
	var failed error
	out := reference.ReplaceAllStringFunc(text, func(ref string) string {
		m := reference.FindStringSubmatch(ref)
		if m[1] == "env" {
			v, ok := os.LookupEnv(m[2])
			if !ok && failed == nil {
				failed = datarun.Errorf(datarun.Invalid, "config", "%s: the environment variable is not set", ref)
			}
			return v
		}
		b, err := os.ReadFile(m[2])
		if err != nil && failed == nil {
			failed = datarun.Errorf(datarun.Invalid, "config", "%s: %w", ref, err)
		}
		return strings.TrimRight(string(b), "\r\n")
	})
	return out, failed
}

// ResolveSettings returns a deep copy of a connector's settings with every reference in every string resolved.
func ResolveSettings(settings map[string]any) (map[string]any, error) {
	v, err := resolveValue(settings)
	if err != nil {
		return nil, err
	}
	out, _ := v.(map[string]any)
	return out, nil
}

func resolveValue(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case string:
		return resolve(v)
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			if out[k], err = resolveValue(e); err != nil {
				return nil, err
			}
		}
		return out, nil
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			if out[i], err = resolveValue(e); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return v, nil
}
