package catalog

import (
	"fmt"
	"io"
	"strings"
)

// Fate says what applying a document would do.
type Fate string

// The fates.
const (
	Created   Fate = "created"
	Changed   Fate = "changed"
	Unchanged Fate = "unchanged"
)

// Delta is what applying one document would do.
type Delta struct {
	Kind    DocKind `json:"kind"`
	ID      string  `json:"id"`
	Fate    Fate    `json:"fate"`
	Version int     `json:"version"`          // that the directory has now; 0 for none
	Fields  []Field `json:"fields,omitempty"` // member by member; all of them when created
	Where   string  `json:"where"`            // file:line of the document

	change Change
}

// Difference is what applying documents would do to a directory.
type Difference struct {
	Deltas   []Delta  `json:"deltas"`
	Warnings Problems `json:"warnings,omitempty"`
}

// Diff compares documents with a directory, without writing anything. The error has every problem for which the
// directory would refuse them, with file and line; the difference is there all the same, to be shown beside it.
func Diff(s *Snapshot, docs Docs) (Difference, error) {
	var diff Difference
	var changes []Change
	var sources []*Doc
	for _, doc := range docs {
		delta := s.delta(doc)
		diff.Deltas = append(diff.Deltas, delta)
		if delta.Fate != Unchanged {
			changes, sources = append(changes, delta.change), append(sources, doc)
		}
	}
	if len(changes) == 0 {
		return diff, nil
	}
	problems := s.Check(changes...)
	for i := range problems {
		problems[i].Where = sources[problems[i].Change].Where(problems[i].Path)
	}
	diff.Warnings = problems.Warnings()
	return diff, problems.err("catalog: compare")
}

func (s *Snapshot) delta(doc *Doc) Delta {
	d := Delta{Kind: doc.Kind, ID: doc.ID(), Where: doc.Where("")}
	switch doc.Kind {
	case KindResource:
		old := s.resources.get(doc.Resource.Code)
		if old == nil {
			d.Fields = compare(nil, doc.Resource, "code", "published")
			break
		}
		d.Version = old.Version
		d.Fields = compare(&old.Resource, doc.Resource, "published")
		if old.Withdrawn {
			d.Fields = append(d.Fields, Field{"withdrawn", "true", ""})
		}
	case KindAgency:
		old := s.agencies.get(doc.Agency.Code)
		if old == nil {
			d.Fields = compare(nil, doc.Agency, "code")
			break
		}
		d.Version = old.Version
		now := *doc.Agency
		if now.Keys == nil {
			now.Keys = old.Keys
		}
		d.Fields = compare(&old.Agency, &now)
	case KindGrant:
		old := s.grants.get(doc.Grant.ID)
		if old == nil {
			d.Fields = compare(nil, doc.Grant, "id")
			break
		}
		d.Version = old.Version
		d.Fields = compare(&old.Grant, doc.Grant)
	}
	switch {
	case d.Version == 0:
		d.Fate = Created
	case len(d.Fields) > 0:
		d.Fate = Changed
	default:
		d.Fate = Unchanged
	}
	d.change = doc.change(d.Version)
	return d
}

// Changes returns what to Apply: the documents that are not unchanged, each expecting the version it was compared with.
func (d Difference) Changes() []Change {
	var changes []Change
	for _, delta := range d.Deltas {
		if delta.Fate != Unchanged {
			changes = append(changes, delta.change)
		}
	}
	return changes
}

// Count returns how many documents have that fate.
func (d Difference) Count(fate Fate) int {
	n := 0
	for _, delta := range d.Deltas {
		if delta.Fate == fate {
			n++
		}
	}
	return n
}

// WriteText writes the difference for people: + created, ~ changed with its fields, and a line of totals.
func (d Difference) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, delta := range d.Deltas {
		switch delta.Fate {
		case Created:
			fmt.Fprintf(&b, "+ %s %s\n", delta.Kind, delta.ID)
		case Changed:
			fmt.Fprintf(&b, "~ %s %s (version %d)\n", delta.Kind, delta.ID, delta.Version)
			for _, f := range delta.Fields {
				fmt.Fprintf(&b, "    %s\n", f)
			}
		case Unchanged: // the totals count them
		}
	}
	for _, p := range d.Warnings {
		fmt.Fprintf(&b, "! %s\n", p)
	}
	fmt.Fprintf(&b, "%d created, %d changed, %d unchanged\n", d.Count(Created), d.Count(Changed), d.Count(Unchanged))
	_, err := io.WriteString(w, b.String())
	return err
}
