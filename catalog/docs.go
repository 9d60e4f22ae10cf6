package catalog

import (
	"fmt"
	"strings"

	"datarun"
)

// DocKind says what a document describes: its "kind:".
type DocKind string

// The kinds of documents.
const (
	KindAgency   DocKind = "agency"
	KindResource DocKind = "resource"
	KindGrant    DocKind = "grant"
)

// Doc is one YAML document. The pointer of its kind is set, the others are nil.
type Doc struct {
	Kind     DocKind
	Resource *datarun.Resource
	Agency   *datarun.Agency
	Grant    *datarun.Grant
	File     string
	Line     int // where the document begins

	lines map[string]int // member path → line
}

// Docs are documents in the order in which they are to be applied: agencies, then resources, then grants, each in the
// order of the files.
type Docs []*Doc

// ID returns the code or id of what the document describes.
func (d *Doc) ID() string {
	c := d.change(0)
	return c.Subject()
}

// Where returns file:line of a member such as "items[3].length", or of the closest thing around it that is there.
func (d *Doc) Where(path string) string {
	for {
		if line, ok := d.lines[path]; ok {
			return fmt.Sprintf("%s:%d", d.File, line)
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			break
		}
		path = path[:cut]
	}
	line, ok := d.lines[""]
	if !ok {
		line = d.Line
	}
	return fmt.Sprintf("%s:%d", d.File, line)
}

func (d *Doc) change(expect int) Change {
	switch d.Kind {
	case KindResource:
		return PutResource(*d.Resource, expect)
	case KindAgency:
		return PutAgency(*d.Agency, expect)
	default:
		return PutGrant(*d.Grant, expect)
	}
}
