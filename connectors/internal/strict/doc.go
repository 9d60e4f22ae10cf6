// Package strict reads the settings and options of a connector: one flat JSON object into one struct.
//
// It guarantees: an unknown key is an Invalid error that names the key and, when one is close, the key that was meant;
// a value of the wrong kind is an Invalid error that names the key; no error repeats a value, since it may be a secret.
//
// It does not: apply defaults (the caller fills the struct before), check ranges, or read nested structs strictly.
package strict
