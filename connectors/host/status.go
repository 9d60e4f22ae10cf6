package host

import (
	"time"

	"datarun"
)

// State says what a stream or a process is doing.
type State string

// The states.
const (
	Starting State = "starting" // nothing has happened yet, or it is being started
	Running  State = "running"  // processes: alive. Streams: a Read goes on
	Waiting  State = "waiting"  // streams: caught up, until the poll interval is over
	Retrying State = "retrying" // failed, and tried again with back-off
	Stopped  State = "stopped"  // failed in a way that trying again cannot mend
	Ended    State = "ended"    // the hub is stopping
)

// Status is how a stream is doing. It holds counts and texts of errors, no data.
type Status struct {
	Source   string               `json:"source"`
	Stream   string               `json:"stream"`
	Resource datarun.ResourceCode `json:"resource"`
	State    State                `json:"state"`
	Since    time.Time            `json:"since"` // of this state

	Failures int          `json:"failures"`        // in a row; 0 when the last Read went well
	Kind     datarun.Kind `json:"kind,omitempty"`  // of the last error
	Error    string       `json:"error,omitempty"` // the last one, also after it healed
	FailedAt time.Time    `json:"failed_at,omitzero"`

	Records uint64 `json:"records"` // durable since the hub started, repeats included
	Faults  uint64 `json:"faults"`  // of them, what the connector could not read
	Bytes   uint64 `json:"bytes"`   // of them, their data
	Reads   uint64 `json:"reads"`   // that ended well

	TakenAt time.Time `json:"taken_at,omitzero"` // when records last became durable
	SavedAt time.Time `json:"saved_at,omitzero"` // when the position was last saved
	AckedAt time.Time `json:"acked_at,omitzero"` // when the source was last told

	AckError string `json:"ack_error,omitempty"` // why it could not be told; reading goes on, the source keeps what it has
}

// Healthy reports whether the stream needs nobody's attention.
func (s Status) Healthy() bool { return s.State != Stopped && s.Failures == 0 && s.AckError == "" }
