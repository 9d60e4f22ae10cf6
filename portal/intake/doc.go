// Package intake reads the body of a push into records: a JSON array, JSON lines or CSV.
//
// It guarantees: a body is read as a stream, and beyond the records themselves no more than one record is held; every
// record of the body comes out, a broken one with its Fault; where one record ends and the next begins is beyond doubt,
// and where it is not (an array that does not close, a CSV quote that does not) the body is refused as a whole, with
// the row, so that no remainder of a row is ever taken for a row; errors and faults name places and never content.
//
// It does not: check records against their entry, not even whether an element that looks like a JSON object is one; it
// does not decompress, limit or decide what the body is.
package intake
