package sqltable

import (
	"slices"
	"strings"
)

// Scrub replaces every occurrence of a secret in an error's text. Drivers may quote what they were given.
func Scrub(text string, secrets []string) string {
	ordered := slices.Clone(secrets)
	slices.SortFunc(ordered, func(a, b string) int { return len(b) - len(a) }) // a DSN before the password inside it
	for _, s := range ordered {
		if s != "" {
			text = strings.ReplaceAll(text, s, "***")
		}
	}
	return text
}
