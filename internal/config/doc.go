// Package config reads datarun.yaml: one file, strict keys, every setting declared once with its default and unit on
// the field.
//
// It guarantees: an error names file, line and key; a secret is taken from the environment (${env:NAME}) or a file
// (${file:PATH}), never printed, and resolved for the part that needs it only; Reference, the table in
// docs/configuration.md, is made from the same fields that are decoded.
//
// It does not: open anything (that is `datarun config check`), or read flags.
package config
