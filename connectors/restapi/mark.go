package restapi

import (
	"bytes"
	"encoding/json"
	"io"

	"datarun"
)

// mark is what a position says. One that was made in another mode is as good as none: reading begins anew.
type mark struct {
	Mode  string `json:"mode"`
	Round *round `json:"round,omitempty"` // the listing being read; nil between listings
	Ended int64  `json:"ended,omitempty"` // when the last whole listing ended, milliseconds since 1970
	Since string `json:"since,omitempty"` // mode since: the largest value of the rounds that ended
	News  int64  `json:"news,omitempty"`  // mode since: rounds that brought records, so that no two positions are the same
}

// round is a listing in the middle: where its next page is.
type round struct {
	Pages  int64           `json:"pages"`            // taken
	Page   int64           `json:"page,omitempty"`   // number of the next, by the service's count
	Offset int64           `json:"offset,omitempty"` // records taken
	Cursor json.RawMessage `json:"cursor,omitempty"` // token of the next, a JSON string or number
	Digest string          `json:"digest,omitempty"` // of the last page's records
	Asked  string          `json:"asked,omitempty"`  // mode since: what this round asks for
	Latest string          `json:"latest,omitempty"` // mode since: the largest value it saw
}

// maxToken bounds a token, so that a position stays small.
const maxToken = 16 << 10

// decodeMark reads a position; an empty one, and one of another mode, is the beginning.
func decodeMark(position datarun.Position, mode string) (mark, error) {
	begin := mark{Mode: mode}
	if len(position) == 0 {
		return begin, nil
	}
	corrupt := datarun.Errorf(datarun.Corrupt, "restapi: position", "not one of this connector")
	var m mark
	d := json.NewDecoder(bytes.NewReader(position))
	d.DisallowUnknownFields()
	if d.Decode(&m) != nil {
		return begin, corrupt
	}
	if _, err := d.Token(); err != io.EOF {
		return begin, corrupt
	}
	if r := m.Round; r != nil && (r.Pages < 0 || r.Offset < 0 || len(r.Cursor) > maxToken || !isToken(r.Cursor)) {
		return begin, corrupt
	}
	if m.Mode != mode {
		return begin, nil
	}
	return m, nil
}

func isToken(raw json.RawMessage) bool {
	return len(raw) == 0 || raw[0] == '"' || raw[0] == '-' || (raw[0] >= '0' && raw[0] <= '9')
}

func (m *mark) encode() (datarun.Position, error) {
	out, err := json.Marshal(m)
	if err != nil {
		return nil, datarun.Errorf(datarun.Internal, "restapi: position", "%w", err)
	}
	return out, nil
}
