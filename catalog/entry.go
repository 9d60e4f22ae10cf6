package catalog

import (
	"time"

	"datarun"
)

// Entry is a resource as the directory holds it. Entries are shared between snapshots: do not change one.
type Entry struct {
	datarun.Resource
	Version int       `json:"version"` // 1 for the first; counts every accepted change
	Created time.Time `json:"created"` // when its first command was written
	Updated time.Time `json:"updated"` // when the command of this version was written
	// Withdrawn says that the entry is offline (下线): nothing may be read. Reason is why.
	Withdrawn bool   `json:"withdrawn,omitempty"`
	Reason    string `json:"reason,omitempty"`
}

// Member is an agency as the directory holds it. Members are shared between snapshots: do not change one.
type Member struct {
	datarun.Agency
	Version int       `json:"version"` // counts every accepted change
	Updated time.Time `json:"updated"`
}

// Permit is a grant as the directory holds it. Permits are shared between snapshots: do not change one.
type Permit struct {
	datarun.Grant
	Version int       `json:"version"` // counts every accepted change
	Updated time.Time `json:"updated"`
	Reason  string    `json:"reason,omitempty"` // why it was revoked
}
