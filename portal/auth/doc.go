// Package auth tells which agency is calling: by an API key or by the subject of a client certificate.
//
// It guarantees: keys are known to the hub by their SHA-256 only and compared in constant time; every failure looks the
// same to the caller, whatever was wrong; credentials that are present and wrong are never made up for by others that
// are right; the memory spent on counting failures is bounded, and right credentials pass even while wrong ones from
// the same address are throttled, so that nobody can lock a department out.
//
// It does not: know grants, roles or people. An agency's own system stands behind a key; who sat before it is what the
// operator member of a lookup says.
package auth
