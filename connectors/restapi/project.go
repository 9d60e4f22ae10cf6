package restapi

import (
	"fmt"
	"strings"

	"datarun"
	"datarun/connectors"
	"datarun/connectors/internal/shape"
	"datarun/internal/rowjson"
)

// projection makes records of the answer's array elements: the stream's items and no others, each from its path.
type projection struct {
	zone   shape.Zone
	all    bool // no items: hand over everything
	root   node
	parsed []rowjson.Row // one per depth
}

// node is what is wanted of one object: members that are items, and members to look into.
type node map[string]*member

type member struct {
	items  []wanted
	inside node
}

type wanted struct {
	prefix []byte // `"name":`
	kind   datarun.ItemType
}

// newProjection plans the items of a stream: each from the path that columns gives it, else from the member of its name.
// An empty path means that the answer does not have the item.
func newProjection(stream connectors.Stream, o *options, zone shape.Zone) *projection {
	p := &projection{zone: zone, all: len(stream.Items) == 0, root: node{}}
	deepest := 0
	for _, item := range stream.Items {
		path := []string{string(item.Name)}
		if column, mapped := o.Columns[item.Name]; mapped {
			if column == "" {
				continue
			}
			path = strings.Split(column, ".")
		}
		at := p.root
		for i, name := range path {
			m := at[name]
			if m == nil {
				m = &member{}
				at[name] = m
			}
			if i == len(path)-1 {
				m.items = append(m.items, wanted{append(rowjson.AppendString(nil, string(item.Name)), ':'), item.Type})
				break
			}
			if m.inside == nil {
				m.inside = node{}
			}
			at = m.inside
		}
		deepest = max(deepest, len(path))
	}
	p.parsed = make([]rowjson.Row, max(deepest, 1))
	return p
}

// append appends one array element as a record. A fault says that it is none; its place is for the caller to add.
func (p *projection) append(dst, element []byte) ([]byte, *datarun.Fault) {
	start := len(dst)
	if len(element) == 0 || element[0] != '{' {
		return appendRaw(dst, element), &datarun.Fault{Rule: datarun.RuleSyntax, Detail: "not a JSON object but " + kindOf(element)}
	}
	row := &p.parsed[0]
	if err := row.Parse(element); err != nil {
		return appendRaw(dst, element), &datarun.Fault{Rule: datarun.RuleSyntax, Detail: err.Error()}
	}
	if p.all {
		dst = append(dst, element...)
	} else {
		dst = append(p.members(append(dst, '{'), row, p.root, 0), '}')
	}
	if size := len(dst) - start; size > datarun.MaxRecord {
		return appendRaw(dst[:start], element), &datarun.Fault{Rule: datarun.RuleSize, Detail: fmt.Sprintf("the record has %d bytes, the hub carries %d", size, datarun.MaxRecord)}
	}
	return dst, nil
}

func (p *projection) members(dst []byte, row *rowjson.Row, want node, depth int) []byte {
	for i := range row.Fields {
		field := &row.Fields[i]
		m := want[string(field.Name)]
		if m == nil {
			continue
		}
		for _, w := range m.items {
			if dst[len(dst)-1] != '{' {
				dst = append(dst, ',')
			}
			dst = append(dst, w.prefix...)
			dst = shape.AppendField(dst, field, w.kind, p.zone)
		}
		if m.inside != nil && field.Kind == rowjson.Object && p.parsed[depth+1].Parse(field.Value) == nil {
			dst = p.members(dst, &p.parsed[depth+1], m.inside, depth+1)
		}
	}
	return dst
}

// maxRaw is the most that the data of a faulty record may take.
const maxRaw = 64 << 10

// appendRaw appends what is no record as a JSON string of at most maxRaw bytes.
func appendRaw(dst, raw []byte) []byte {
	keep := min(len(raw), maxRaw-2)
	for {
		out := rowjson.AppendString(dst, []byte(strings.ToValidUTF8(string(raw[:keep]), "")))
		if len(out)-len(dst) <= maxRaw {
			return out
		}
		keep = keep * 3 / 4
	}
}
