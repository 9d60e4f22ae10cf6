// Package demo is a small synthetic city: five departments, each a different kind of system, and a hub on embedded
// engines that shares their records. `datarun demo` runs it.
//
// It guarantees: no real person or firm; birth years lie in the nineteenth century, agencies and firms carry organisation
// codes of a range that is not issued; check digits are right, but for the broken share that is broken on purpose; the
// same seed gives the same city; a second start finds its data and loads nothing twice.
//
// It does not: touch anything outside its folder and the loopback.
package demo
