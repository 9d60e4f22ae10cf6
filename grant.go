package datarun

import "time"

// GrantID identifies a grant.
type GrantID string

// Grant lets one agency read one resource (授权): for a purpose, some or all items, until a day.
type Grant struct {
	ID       GrantID      `json:"id" yaml:"id"`
	Agency   AgencyCode   `json:"agency" yaml:"agency"`
	Resource ResourceCode `json:"resource" yaml:"resource"`
	Purpose  string       `json:"purpose" yaml:"purpose"`                     // 使用用途, required, ≤500
	Items    []ItemName   `json:"items,omitempty" yaml:"items,omitempty"`     // items that may be read; empty means all
	From     string       `json:"from,omitempty" yaml:"from,omitempty"`       // first day, YYYY-MM-DD, China time; empty: at once
	Until    string       `json:"until,omitempty" yaml:"until,omitempty"`     // last day, YYYY-MM-DD, China time; empty: no end
	Revoked  bool         `json:"revoked,omitempty" yaml:"revoked,omitempty"` // 终止
}

// China is the zone of every statutory day: UTC+8, no daylight saving.
var China = time.FixedZone("CST", 8*3600)

// Covers reports whether the grant is in force at t.
func (g *Grant) Covers(t time.Time) bool {
	day := t.In(China).Format("2006-01-02")
	return !g.Revoked && (g.From == "" || g.From <= day) && (g.Until == "" || day <= g.Until)
}
