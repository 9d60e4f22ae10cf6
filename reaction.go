package datarun

// Reaction is what an error of a Kind calls for, in one table for every caller.
type Reaction struct {
	HTTP  int  // status of the HTTP API
	Exit  int  // exit code of the command line
	Retry bool // trying again without a change can help
}

// reactions is indexed by Kind. Denied answers like NotFound: to someone without rights "not allowed" and "does not
// exist" are the same.
var reactions = [...]Reaction{
	Internal:    {HTTP: 500, Exit: 1},
	Invalid:     {HTTP: 422, Exit: 3},
	NotFound:    {HTTP: 404, Exit: 4},
	Denied:      {HTTP: 404, Exit: 4},
	Conflict:    {HTTP: 409, Exit: 5},
	Unavailable: {HTTP: 503, Exit: 6, Retry: true},
	Corrupt:     {HTTP: 500, Exit: 7},
}

// Reaction returns the kind's line of the table; an unknown kind reacts as Internal.
func (k Kind) Reaction() Reaction {
	if int(k) < len(reactions) {
		return reactions[k]
	}
	return reactions[Internal]
}
