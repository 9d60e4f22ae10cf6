package catalog

import (
	"encoding/hex"
	"time"

	"datarun"
)

// fold is the state machine: records go in, in order, and a state and a chain come out. It is not safe for concurrent
// use. Nothing but the records' bytes decides what comes out.
type fold struct {
	tables tables
	chain  *chain
	seen   map[[16]byte]struct{} // commands that were judged: one that comes twice counts once
	epoch  uint64                // raised when the tables are shared with a snapshot
	offset int64                 // of the last record
	breaks int64
}

func newFold() *fold {
	return &fold{chain: newChain(), seen: map[[16]byte]struct{}{}, offset: -1, epoch: 1}
}

// outcome is what came of one record.
type outcome struct {
	command  command
	seq      int64 // 1 for the first record
	offset   int64
	at       time.Time
	versions []int
	problems Problems // warnings too
	draft    *draft   // what the command changed; nil when it was refused
}

func (o *outcome) accepted() bool { return o.draft != nil }

// step takes one record. An error means that this build cannot go on, not that the record was refused.
func (f *fold) step(offset int64, at time.Time, value []byte) (outcome, error) {
	if offset <= f.offset {
		return outcome{}, datarun.Errorf(datarun.Corrupt, "catalog", "the log went back from offset %d to %d: it lost its tail", f.offset, offset)
	}
	c, problems, err := decode(value)
	if err != nil {
		return outcome{}, err
	}
	out := outcome{command: c, offset: offset, at: at, problems: problems}
	if len(problems) == 0 {
		out.problems = f.admit(&c)
	}
	if len(out.problems) == 0 {
		j := judge(&f.tables, c.Time, c.Changes)
		out.problems = j.problems
		if j.accepted() {
			out.draft, out.versions = j.draft, j.versions
		}
	}
	f.chain.add(value)
	f.offset = offset
	out.seq = f.chain.head().Seq
	return out, nil
}

// take puts what an accepted command changed into the state.
func (f *fold) take(o *outcome) {
	if o.draft != nil {
		o.draft.commit(f.epoch)
	}
}

// admit refuses a command that came before, or whose writer knows another history.
func (f *fold) admit(c *command) Problems {
	var id [16]byte
	_, _ = hex.Decode(id[:], []byte(c.ID)) // checked by decode
	if _, twice := f.seen[id]; twice {
		return Problems{{Rule: RuleCommand, Reason: "this command is in the log already"}}
	}
	f.seen[id] = struct{}{}
	if !f.chain.has(c.Head) {
		f.breaks++
		return Problems{{Path: "head", Rule: RuleHead, Reason: "the writer read a history that this log does not have: it was changed, or its tail was lost"}}
	}
	return nil
}
