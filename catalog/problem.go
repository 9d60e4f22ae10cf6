package catalog

import (
	"errors"
	"fmt"
	"strings"

	"datarun"
)

// Rule names a rule of the directory that a change can break.
type Rule string

// The rules.
const (
	RuleRequired  Rule = "required"  // absent or empty, and must not be
	RuleLength    Rule = "length"    // too many characters, digits or members
	RuleForm      Rule = "form"      // not spelled as it must be
	RuleChoice    Rule = "choice"    // not one of the values there are
	RulePair      Rule = "pair"      // two fields that do not go together
	RuleUnique    Rule = "unique"    // somebody or something else has it already
	RuleUnknown   Rule = "unknown"   // refers to something that does not exist
	RuleMissing   Rule = "missing"   // what is to be changed does not exist
	RuleCondition Rule = "condition" // share class 2 or 3 without what the law wants stated
	RuleRevision  Rule = "revision"  // an entry cannot be changed in this way within its generation
	RuleState     Rule = "state"     // withdrawn, revoked: not possible any more
	RuleConflict  Rule = "conflict"  // somebody else changed it first
	RuleHead      Rule = "head"      // the writer's history is not the history of this log
	RuleCommand   Rule = "command"   // the record is not a command
)

// Problem is one breach of a rule: where, which, why. Reasons name limits and fields, and values of the directory
// itself; the directory holds no personal data.
type Problem struct {
	Change int    `json:"change"`          // index of the change in its command
	Path   string `json:"path,omitempty"`  // member of the document, e.g. "items[3].length"
	Rule   Rule   `json:"rule"`            // which rule
	Reason string `json:"reason"`          // what is wrong and what would be right
	Where  string `json:"where,omitempty"` // file:line, when the change came out of a file
	// Warning says that this does not refuse the change: the standard leaves it open, or nobody could look it up.
	Warning bool `json:"warning,omitempty"`
}

// String renders "where: path: reason (rule)".
func (p Problem) String() string {
	var b strings.Builder
	for _, s := range []string{p.Where, p.Path} {
		if s != "" {
			b.WriteString(s + ": ")
		}
	}
	b.WriteString(p.Reason + " (" + string(p.Rule) + ")")
	if p.Warning {
		b.WriteString(" [warning]")
	}
	return b.String()
}

// Problems is everything that is wrong at once. As an error it is what Apply, Check, Parse and Diff return, inside a
// datarun.Error; get it back with ProblemsOf.
type Problems []Problem

// Error renders one problem a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// ProblemsOf returns the problems inside err, or nil.
func ProblemsOf(err error) Problems {
	var ps Problems
	errors.As(err, &ps)
	return ps
}

// Refusing returns the problems that are no warnings.
func (ps Problems) Refusing() Problems { return ps.only(false) }

// Warnings returns the problems that refuse nothing.
func (ps Problems) Warnings() Problems { return ps.only(true) }

func (ps Problems) only(warning bool) Problems {
	var kept Problems
	for _, p := range ps {
		if p.Warning == warning {
			kept = append(kept, p)
		}
	}
	return kept
}

// err makes the error of a refusal, or nil when nothing refuses.
func (ps Problems) err(op string) error {
	refusing := ps.Refusing()
	if len(refusing) == 0 {
		return nil
	}
	return &datarun.Error{Kind: refusing.kind(), Op: op, Err: refusing}
}

// kind classifies a refusal by its worst problem, so that a caller knows whether to read again, to correct, or to call.
func (ps Problems) kind() datarun.Kind {
	kind := datarun.Invalid
	for _, p := range ps {
		switch {
		case p.Rule == RuleHead:
			return datarun.Corrupt
		case p.Rule == RuleConflict:
			kind = datarun.Conflict
		case p.Rule == RuleMissing && kind == datarun.Invalid:
			kind = datarun.NotFound
		}
	}
	return kind
}

// checker collects the problems of one change; path is put before every member it is given.
type checker struct {
	change int
	found  *Problems
}

func (c checker) bad(path string, rule Rule, format string, args ...any) {
	*c.found = append(*c.found, Problem{Change: c.change, Path: path, Rule: rule, Reason: fmt.Sprintf(format, args...)})
}

func (c checker) warn(path string, rule Rule, format string, args ...any) {
	*c.found = append(*c.found, Problem{Change: c.change, Path: path, Rule: rule, Reason: fmt.Sprintf(format, args...), Warning: true})
}
