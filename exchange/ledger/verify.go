package ledger

import (
	"context"
	"fmt"
	"time"

	"datarun"
)

// Report is what Verify found.
type Report struct {
	Entries int              // read and in order
	Heads   map[string]Entry // newest entry in order of each hub
	Break   *Break           // nil: the chains are whole
}

// Break is the first link that does not hold.
type Break struct {
	Hub    string // of the entry, as far as it can be read
	Seq    uint64
	Offset int64 // in the topic
	Reason string
}

// errBroken ends the walk at the first break.
var errBroken = datarun.Errorf(datarun.Corrupt, "ledger", "broken")

// Verify walks all chains from the beginning and stops at the first break. The error is for a walk that could not be
// made.
func (l *Ledger) Verify(ctx context.Context) (Report, error) {
	start, err := l.log.Start(ctx)
	if err != nil {
		return Report{}, datarun.Wrap("ledger: verify", err)
	}
	w := walk{Report: Report{Heads: map[string]Entry{}}, whole: start == 0}
	err = l.log.Read(ctx, start, func(offset int64, _ time.Time, value []byte) error { return w.step(offset, value) })
	if w.Break != nil {
		return w.Report, nil
	}
	return w.Report, datarun.Wrap("ledger: verify", err)
}

// walk is a verification under way.
type walk struct {
	Report
	whole bool // the log begins at its beginning: nothing was deleted by age
}

func (w *walk) step(offset int64, value []byte) error {
	if isFence(value) {
		return nil
	}
	e, reason := parse(value)
	if reason == "" {
		reason = w.fits(&e)
	}
	if reason != "" {
		w.Break = &Break{Hub: e.Hub, Seq: e.Seq, Offset: offset, Reason: reason}
		return errBroken
	}
	w.Heads[e.Hub] = e
	w.Entries++
	return nil
}

// fits says why e does not follow what came before it; "" when it does.
func (w *walk) fits(e *Entry) string {
	head, ok := w.Heads[e.Hub]
	switch {
	case !ok && w.whole && (e.Seq != 1 || e.Prev != zeroHash):
		return fmt.Sprintf("the chain begins with number %d instead of 1", e.Seq)
	case ok && e.Seq != head.Seq+1:
		return fmt.Sprintf("it follows number %d", head.Seq)
	case ok && e.Prev != head.Hash:
		return fmt.Sprintf("it does not carry the hash of number %d", head.Seq)
	}
	return ""
}
