// Package portal is the front door of the hub: one HTTP handler, and the server that it is served by.
//
// It guarantees: nothing is answered without a declared need for credentials; the server stops gracefully, and all its
// timeouts and header sizes are bounded.
//
// It does not: contain the API (package api), tell callers apart (package auth), read bodies (package intake) or know
// what stands behind the interfaces it is given.
package portal
