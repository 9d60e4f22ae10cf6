// Package rowjson reads and writes one flat JSON object, a row, without building a tree: a cursor over bytes for the
// check and for landing, where every allocation is paid a hundred million times.
//
// It guarantees: Parse accepts exactly the objects that RFC 8259 allows, with valid UTF-8 strings, and nothing after
// them; member values are slices of the input, so they live as long as it does, and names until
// the next Parse; nothing is converted.
//
// It does not: look into nested values beyond their syntax (they come back whole, as Object or Array), reject a name
// given twice (the caller knows the names), or convert numbers.
package rowjson
