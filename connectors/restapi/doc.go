// Package restapi is the connector for a listing behind an HTTP API that answers in JSON: paged by number, by offset or
// by token, asked for what is new since a time or an id, or answered at once.
//
// It guarantees: every record that the service lists is emitted, values exactly as their JSON text (numbers are never
// parsed); a read resumes at the page it had come to; an answer that is no JSON, is too large, repeats the page before, or
// belongs to a listing that never ends is an error that says which page and what kind of thing it was, never what it
// held; credentials go to the host of the settings only, and are in no error.
//
// How changes are found: the modes page, offset, cursor and single list everything, and again after full_every, since
// such a service cannot say what changed; the hub takes the same record twice without harm. The mode since asks for
// news only, from a little before the last record seen (overlap), because clocks and transactions of a service may be
// late; records of that overlap that are unchanged are not emitted again while the process lives.
//
// It does not: see deletes, sign requests, fetch tokens, follow redirects to another host, or notice a record that moves
// between pages while a listing is being read (the next full listing has it).
package restapi
