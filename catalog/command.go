package catalog

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"io"
	"time"
	"unicode/utf8"

	"datarun"
)

// rulesVersion numbers the rules by which commands are judged. A command carries the number its writer judged by, and
// is judged by these for ever. A change of any rule, or of the members of Resource, Agency or Grant, needs the next
// number and the old rules kept beside the new: otherwise an old log would give another state.
const rulesVersion = 1

// maxChanges bounds one command, against a record made to keep every hub busy.
const maxChanges = 10_000

// command is one record of the log.
type command struct {
	V       int       `json:"v"`
	ID      string    `json:"id"` // 32 hex digits, random: the same command twice in the log counts once
	Time    time.Time `json:"time"`
	By      string    `json:"by"`
	Head    Head      `json:"head"` // what the writer had read
	Changes []Change  `json:"changes"`
}

func newCommand(by string, head Head, changes []Change) command {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails, see crypto/rand
	return command{
		V: rulesVersion, ID: hex.EncodeToString(id[:]), Time: time.Now().UTC().Truncate(time.Millisecond),
		By: by, Head: head, Changes: changes,
	}
}

func (c *command) encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(c); err != nil {
		return nil, datarun.Wrap("catalog: command", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// newerError says that the log holds a command of rules that this build does not have. Going on would make this hub
// disagree with the others, so it stops.
func newerError(v int) error {
	return datarun.Errorf(datarun.Corrupt, "catalog", "the log holds a command of rules version %d, this build knows up to %d: upgrade it", v, rulesVersion)
}

// decode reads a record. Whatever is no command at all is a problem that refuses the record; a command of newer rules
// is an error.
func decode(value []byte) (command, Problems, error) {
	refuse := func(reason string) (command, Problems, error) {
		return command{}, Problems{{Rule: RuleCommand, Reason: reason}}, nil
	}
	if len(value) > MaxCommand {
		return refuse("over the size of a command")
	}
	if !utf8.Valid(value) {
		return refuse("not UTF-8")
	}
	var c command
	dec := json.NewDecoder(bytes.NewReader(value))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil || c.V != rulesVersion {
		var version struct {
			V int `json:"v"`
		}
		if json.Unmarshal(value, &version) == nil && version.V > rulesVersion {
			return command{}, nil, newerError(version.V)
		}
		return refuse("not a command: broken JSON, or a member that is unknown, of the wrong type or out of range")
	}
	if _, err := dec.Token(); err != io.EOF {
		return refuse("something follows the command")
	}
	return c, c.problems(), nil
}

func (c *command) problems() Problems {
	var ps Problems
	check := checker{found: &ps}
	if id, err := hex.DecodeString(c.ID); err != nil || len(id) != 16 {
		check.bad("id", RuleForm, "not 32 hex digits")
	}
	if y := c.Time.Year(); y < 2000 || y > 2299 {
		check.bad("time", RuleForm, "not a time of this age")
	}
	check.text("by", c.By, 128, true)
	if len(c.Changes) == 0 || len(c.Changes) > maxChanges {
		check.bad("changes", RuleLength, "%d changes, must be 1 to %d", len(c.Changes), maxChanges)
	}
	return ps
}
