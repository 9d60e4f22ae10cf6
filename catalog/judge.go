package catalog

import (
	"time"

	"datarun"
)

// judgement is what came of one command. It depends on the records before the command and on its bytes, and on nothing
// else: no clock, no setting, no map order.
type judgement struct {
	draft    *draft   // to be committed when nothing refuses
	versions []int    // per change, the version it makes
	problems Problems // all of them, with warnings
}

func (j *judgement) accepted() bool { return len(j.problems.Refusing()) == 0 }

// judge applies the changes to a draft on top of t, one after the other, so that a later one may build on an earlier
// one. Every change is looked at even after one failed: the writer wants to know all at once.
func judge(t *tables, at time.Time, changes []Change) judgement {
	j := judgement{draft: t.draft(), versions: make([]int, len(changes))}
	for i := range changes {
		d := deed{draft: j.draft, at: at, checker: checker{change: i, found: &j.problems}}
		j.versions[i] = d.do(&changes[i])
	}
	return j
}

// deed is one change being judged and, when it is good, put into the draft.
type deed struct {
	*draft
	checker
	at time.Time
}

func (d deed) do(c *Change) int {
	if !d.shaped(c) {
		return 0
	}
	switch c.Verb {
	case ResourcePut:
		return d.putResource(c)
	case ResourceWithdraw:
		return d.withdraw(c)
	case AgencyPut:
		return d.putAgency(c)
	case KeyAdd:
		return d.addKey(c)
	case KeyRevoke:
		return d.revokeKey(c)
	case GrantPut:
		return d.putGrant(c)
	case GrantRevoke:
		return d.revokeGrant(c)
	}
	return 0
}

// shaped reports whether the change carries what its verb needs and nothing else, so that no reader of the log can
// take it for something that it did not do.
func (d deed) shaped(c *Change) bool {
	type shape struct{ resource, agency, grant, key, id bool }
	want, ok := map[Verb]shape{
		ResourcePut: {resource: true}, ResourceWithdraw: {id: true},
		AgencyPut: {agency: true}, KeyAdd: {id: true, key: true}, KeyRevoke: {id: true, key: true},
		GrantPut: {grant: true}, GrantRevoke: {id: true},
	}[c.Verb]
	if !ok {
		d.bad("verb", RuleChoice, "there is no such change")
		return false
	}
	if got := (shape{c.Resource != nil, c.Agency != nil, c.Grant != nil, c.Key != nil, c.ID != ""}); got != want {
		d.bad("", RuleCommand, "%s carries the wrong members", c.Verb)
		return false
	}
	d.text("reason", c.Reason, 500, false)
	return true
}

// expects reports whether the change may be applied to version current of what it is about; 0 is none.
func (d deed) expects(what string, expect, current int) bool {
	switch {
	case expect == current, expect == AnyVersion && current > 0:
		return true
	case current == 0:
		d.bad("", RuleMissing, "there is no %s", what)
	case expect == 0:
		d.bad("", RuleConflict, "%s exists already, in version %d", what, current)
	default:
		d.bad("", RuleConflict, "%s is in version %d by now, not %d: read it again", what, current, expect)
	}
	return false
}

// exists is expects for a change of what must be there already.
func (d deed) exists(what string, expect, current int) bool {
	if current == 0 {
		d.bad("", RuleMissing, "there is no %s", what)
		return false
	}
	return d.expects(what, expect, current)
}

// day is the day of the command in China, where the law's days are counted.
func (d deed) day() string { return d.at.In(datarun.China).Format(time.DateOnly) }
