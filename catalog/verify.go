package catalog

import (
	"context"
	"time"

	"datarun"
)

// Break is a place where the history does not add up.
type Break struct {
	Seq    int64  `json:"seq"`    // of the record that shows it; 0 for a head that was noted elsewhere
	Offset int64  `json:"offset"` // likewise, -1
	By     string `json:"by,omitempty"`
	Named  Head   `json:"named"` // the head that was named, and is not there
	Reason string `json:"reason"`
}

// Report is what Verify found.
type Report struct {
	Head     Head      `json:"head"` // note it elsewhere, and give it to a later Verify
	Accepted int64     `json:"accepted"`
	Refused  int64     `json:"refused"`
	First    time.Time `json:"first,omitzero"` // of the first and the last command, by their writers' clocks
	Last     time.Time `json:"last,omitzero"`
	Breaks   []Break   `json:"breaks,omitempty"`
}

// OK reports whether the history adds up.
func (r Report) OK() bool { return len(r.Breaks) == 0 }

// Verify reads the whole log again and checks that the history went through every head that a command names, through
// the head this hub had when it was asked, and through the given ones, which were noted outside of the log.
func (c *Catalog) Verify(ctx context.Context, noted ...Head) (Report, error) {
	own := c.Snapshot().Head()
	var r Report
	f := newFold()
	err := c.log.Read(ctx, 0, func(offset int64, at time.Time, value []byte) error {
		out, err := f.step(offset, at, value)
		if err != nil {
			return err
		}
		f.take(&out)
		r.count(&out)
		return nil
	})
	if err != nil {
		return r, datarun.Wrap("catalog: verify", err)
	}
	r.Head = f.chain.head()
	if !f.chain.has(own) {
		r.Breaks = append(r.Breaks, Break{Offset: -1, Named: own, Reason: "this hub read another history"})
	}
	for _, head := range noted {
		if !f.chain.has(head) {
			r.Breaks = append(r.Breaks, Break{Offset: -1, Named: head, Reason: "the noted head is not of this history"})
		}
	}
	return r, nil
}

func (r *Report) count(out *outcome) {
	if out.accepted() {
		r.Accepted++
	} else {
		r.Refused++
	}
	if t := out.command.Time; !t.IsZero() {
		if r.First.IsZero() {
			r.First = t
		}
		r.Last = t
	}
	for _, p := range out.problems {
		if p.Rule == RuleHead {
			r.Breaks = append(r.Breaks, Break{out.seq, out.offset, out.command.By, out.command.Head, p.Reason})
		}
	}
}
