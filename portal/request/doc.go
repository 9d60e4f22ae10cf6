// Package request surrounds every HTTP request of the hub: an id, security headers, one line in the access log, and an
// end for panics.
//
// It guarantees: the log has the operation, never a query string, a body or a path that a caller made up; a panic becomes
// an answer without details and a log line with them.
//
// It does not: know callers, rights or what is asked.
package request
