// Package shape brings the values of a loosely typed source (a cell of a file, a member of an answer) into the forms
// that datarun.ItemType lists, and guesses items from samples of such values.
//
// It guarantees: a value is rewritten only where its meaning is beyond doubt (a date with another separator, a time
// whose zone the settings state, trailing zeros of a fraction); whatever else it meets stays verbatim, for the hub to judge.
//
// It does not: check values, convert numbers, or decide what a guess is good for: drafts are for a person to complete.
package shape
