// Package check holds a record against the entry of its resource before it is published: step 3 of a record's path.
//
// It guarantees: a record that passes has only items of the entry, each at most once and of its type, length, range and
// code system, and all required and key items; so whoever reads the topic may rely on it. A record that does not comes
// back with a Fault that names rule, item and what was expected, and never the value. Nothing is converted, trimmed or
// defaulted: a record is published as the bytes it came in. A good record costs no allocation.
//
// # What is accepted
//
// A scalar may be given as its text in a JSON string. Beside that:
//
//	C    a string of at most Length characters (code points; 0: any number), and a valid code where the item has a Code
//	M    a string
//	N Y  a decimal: at most Length-Scale digits before the point and Scale after; no exponent, no plus sign
//	I    a whole number of 64 bits; no plus sign
//	B F  a number that a float64 can hold: finite
//	D    "2006-01-02", a real day of 1900 to 2299
//	T    "2006-01-02T15:04:05.999+08:00" (RFC 3339): with a zone, up to 3 digits of a second, 1900 to 2299
//	     both as written and as China counts
//	L    true, false, 1, 0, 是 or 否
//	G    any JSON value
//
// Numbers have no zeros before the first digit: a text with some is a code and belongs into an item of type C, since a
// column of numbers could not keep them. Length and Scale that an entry leaves out are 38 and 0 for N, 20 and 2 for Y.
// A string with half of a surrogate pair is refused: no text could keep it.
//
// # Absent, null and empty
//
// For required and key items the three are the same: a fault. Optional items may be any of them, whatever their type;
// landing reads null and absent as null, and so an empty string of an item that is no text (C, M, G).
//
// # Deletes
//
// Of a delete only the key items are looked at, and not against their code system: an entry that got stricter must not
// keep old records alive.
//
// # Keys
//
// The key is datarun.JoinKey over the texts of the key items as they were given: 1 and "1" are one key, true and 是
// are two.
//
// It does not: compare records with one another, know what is published already, start anything or do I/O.
package check
