package catalog

import (
	"context"
	"time"

	"datarun"
)

// Event is one change of the past, accepted or refused.
type Event struct {
	Seq     int64     `json:"seq"`    // place in the history, 1 for the first record
	Offset  int64     `json:"offset"` // in the log
	Command string    `json:"command"`
	Time    time.Time `json:"time"`   // by the writer's clock
	Logged  time.Time `json:"logged"` // by the log's clock
	By      string    `json:"by"`
	Verb    Verb      `json:"verb"`
	Subject string    `json:"subject"` // code or id of what was changed
	Version int       `json:"version"` // that it made; 0 when refused
	Reason  string    `json:"reason,omitempty"`
	Fields  []Field   `json:"fields,omitempty"`  // what became different
	Refused Problems  `json:"refused,omitempty"` // why nothing did
}

// History returns who changed what when, oldest first: all that concerns an entry, an agency or a grant, whose code or
// id it is given. An entry's history has the grants on it, an agency's the grants it has. What was refused is there too.
//
// It reads the log from the start and judges it again, about a second for 100,000 commands, so nothing is kept in memory
// for it and it cannot differ from what happened.
func (c *Catalog) History(ctx context.Context, id string) ([]Event, error) {
	var events []Event
	f := newFold()
	err := c.log.Read(ctx, 0, func(offset int64, at time.Time, value []byte) error {
		out, err := f.step(offset, at, value)
		if err != nil {
			return err
		}
		for i := range out.command.Changes {
			if f.concerns(&out.command.Changes[i], id) {
				events = append(events, f.event(&out, i))
			}
		}
		f.take(&out)
		return nil
	})
	if err != nil {
		return nil, datarun.Wrap("catalog: history", err)
	}
	if len(events) == 0 {
		return nil, datarun.Errorf(datarun.NotFound, "catalog: history", "nothing of %q was ever put", id)
	}
	return events, nil
}

func (f *fold) concerns(c *Change, id string) bool {
	if c.Subject() == id {
		return true
	}
	g := c.Grant
	if c.Verb == GrantRevoke {
		if old := f.tables.grants.get(datarun.GrantID(c.ID)); old != nil {
			g = &old.Grant
		}
	}
	return g != nil && (string(g.Resource) == id || string(g.Agency) == id)
}

// event describes one change of a command that was judged and not yet taken.
func (f *fold) event(out *outcome, i int) Event {
	c := &out.command.Changes[i]
	e := Event{
		Seq: out.seq, Offset: out.offset, Command: out.command.ID, Time: out.command.Time, Logged: out.at,
		By: out.command.By, Verb: c.Verb, Subject: c.Subject(), Reason: c.Reason,
	}
	if !out.accepted() {
		e.Refused = out.problems.Refusing()
		return e
	}
	e.Version = out.versions[i]
	switch c.Verb {
	case ResourcePut, ResourceWithdraw:
		code := datarun.ResourceCode(e.Subject)
		e.Fields = entryFields(f.tables.resources.get(code), out.draft.resources.get(code))
	case AgencyPut, KeyAdd, KeyRevoke:
		code := datarun.AgencyCode(e.Subject)
		e.Fields = compare(f.tables.agencies.get(code).agency(), out.draft.agencies.get(code).agency())
	case GrantPut, GrantRevoke:
		id := datarun.GrantID(e.Subject)
		e.Fields = compare(f.tables.grants.get(id).grant(), out.draft.grants.get(id).grant())
	}
	return e
}

func entryFields(old, now *Entry) []Field {
	fields := compare(old.resource(), now.resource())
	if was := old != nil && old.Withdrawn; was != now.Withdrawn {
		fields = append(fields, Field{"withdrawn", truth(was), truth(now.Withdrawn)})
	}
	return fields
}

func truth(b bool) string {
	if b {
		return "true"
	}
	return ""
}

// The three below let compare take what is not there.

func (e *Entry) resource() *datarun.Resource {
	if e == nil {
		return nil
	}
	return &e.Resource
}

func (m *Member) agency() *datarun.Agency {
	if m == nil {
		return nil
	}
	return &m.Agency
}

func (p *Permit) grant() *datarun.Grant {
	if p == nil {
		return nil
	}
	return &p.Grant
}
