package landing

import (
	"strings"

	"datarun"
	"datarun/warehouse/schema"
)

// kind is how the values of a column are read and written.
type kind uint8

const (
	kindString   kind = iota // length and bytes
	kindJSON                 // any JSON value, as its text
	kindInt                  // 8 bytes
	kindFloat                // 8 bytes
	kindBool                 // 1 byte
	kindDate                 // 4 bytes: days since 1970
	kindDateTime             // 8 bytes: milliseconds since 1970
	kindDec32                // 4, 8, 16, 32 bytes: the value without its point
	kindDec64
	kindDec128
	kindDec256
)

var widths = [...]int{kindInt: 8, kindFloat: 8, kindBool: 1, kindDate: 4, kindDateTime: 8, kindDec32: 4, kindDec64: 8, kindDec128: 16, kindDec256: 32}

// field is an item as landing needs it.
type field struct {
	name      []byte
	kind      kind
	width     int // bytes of a value; 0: of any length
	length    int // most characters of a string, 0: any
	precision int // of a decimal
	scale     int
	required  bool
	column    string // the ClickHouse type of the column
	typ       datarun.ItemType
}

// layout is the entry of a resource, made ready for decoding. It never changes.
type layout struct {
	code    datarun.ResourceCode
	fields  []field
	byName  map[string]int
	columns string // quoted names of all columns, in the order of the blocks
	table   string
}

func newLayout(r *datarun.Resource, database string) (*layout, error) {
	l := &layout{code: r.Code, byName: make(map[string]int, len(r.Items)), table: database + "." + schema.Table(r.Code)}
	names := []string{schema.KeyColumn, schema.TimeColumn, schema.VersionColumn, schema.PartitionColumn, schema.DeletedColumn}
	for i := range r.Items {
		item := &r.Items[i]
		column, err := schema.ColumnType(item)
		if err != nil {
			return nil, err
		}
		f := field{name: []byte(item.Name), kind: kindOf(item), required: item.Required, column: column, typ: item.Type}
		f.width = width(f.kind)
		if item.Type == datarun.Char {
			f.length = item.Length
		}
		f.precision, f.scale = schema.Digits(item)
		l.byName[string(item.Name)] = len(l.fields)
		l.fields = append(l.fields, f)
		names = append(names, schema.Quote(item.Name))
	}
	l.columns = strings.Join(names, ", ")
	return l, nil
}

func width(k kind) int {
	if int(k) < len(widths) {
		return widths[k]
	}
	return 0
}

func kindOf(item *datarun.Item) kind {
	switch item.Type {
	case datarun.Integer:
		return kindInt
	case datarun.Double, datarun.Float:
		return kindFloat
	case datarun.Bool:
		return kindBool
	case datarun.Date:
		return kindDate
	case datarun.DateTime:
		return kindDateTime
	case datarun.General:
		return kindJSON
	case datarun.Numeric, datarun.Currency:
		switch precision, _ := schema.Digits(item); {
		case precision <= 9:
			return kindDec32
		case precision <= 18:
			return kindDec64
		case precision <= 38:
			return kindDec128
		default:
			return kindDec256
		}
	}
	return kindString
}
