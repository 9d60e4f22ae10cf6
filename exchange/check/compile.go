package check

import (
	"fmt"

	"datarun"
)

// form is what the value of an item must look like; types that look the same share one.
type form uint8

const (
	text form = iota // C, M
	decimal
	integer
	float
	boolean
	day
	instant
	anything
)

var forms = map[datarun.ItemType]form{
	datarun.Char: text, datarun.Memo: text, datarun.Numeric: decimal, datarun.Currency: decimal, datarun.Integer: integer,
	datarun.Double: float, datarun.Float: float, datarun.Bool: boolean, datarun.Date: day, datarun.DateTime: instant,
	datarun.General: anything,
}

// wants say what is expected of each form.
var wants = [...]string{
	text:     "want a string",
	decimal:  "want a decimal number without exponent, plus sign, or zeros before it",
	integer:  "want a whole number without plus sign or zeros before it",
	float:    "want a number",
	boolean:  "want true, false, 1, 0, 是 or 否",
	day:      "want a day like 2006-01-02 that exists",
	instant:  "want a time like 2006-01-02T15:04:05+08:00 that exists, with its zone",
	anything: "want any JSON value",
}

// item is an item of the entry, made ready for checking.
type item struct {
	name     string
	form     form
	required bool // or a key item
	length   int  // text: most characters, 0 for any; decimal: most digits before the point
	scale    int  // decimal: most digits after the point
	code     datarun.CodeSystem
	keyAt    int // place in the key, -1 when not part of it
}

// entry is a resource as the check needs it. It never changes, so Checkers share it.
type entry struct {
	items    []item
	byName   map[string]int32
	key      []int32 // indices of items
	required int     // how many items are
}

// Digits of decimals where the entry leaves them out, as the warehouse's tables have them.
const (
	numericDigits  = 38
	currencyDigits = 20
	currencyScale  = 2
	maxDigits      = 76
)

func compile(res *datarun.Resource) (*entry, error) {
	e := &entry{items: make([]item, len(res.Items)), byName: make(map[string]int32, len(res.Items))}
	if len(res.Items) == 0 {
		return nil, invalid("the entry has no items")
	}
	for i := range res.Items {
		it := &res.Items[i]
		if _, twice := e.byName[string(it.Name)]; twice || it.Name == "" {
			return nil, invalid("item %d: the name %q is empty or taken", i, it.Name)
		}
		e.byName[string(it.Name)] = int32(i)
		if err := compileItem(&e.items[i], it); err != nil {
			return nil, err
		}
	}
	if err := e.compileKey(res.Key); err != nil {
		return nil, err
	}
	for i := range e.items {
		if e.items[i].required {
			e.required++
		}
	}
	return e, nil
}

func compileItem(to *item, it *datarun.Item) error {
	f, known := forms[it.Type]
	if !known {
		return invalid("item %s: no type %q", it.Name, it.Type)
	}
	*to = item{name: string(it.Name), form: f, required: it.Required, code: it.Code, keyAt: -1}
	if err := it.Code.Validate(); err != nil {
		return invalid("item %s: %w", it.Name, err)
	}
	if it.Code != "" && f != text {
		return invalid("item %s: a code is text, the type is %s", it.Name, it.Type)
	}
	switch it.Type {
	case datarun.Char:
		if it.Length < 0 {
			return invalid("item %s: length %d", it.Name, it.Length)
		}
		to.length = it.Length
	case datarun.Numeric, datarun.Currency:
		digits, scale := digitsOf(it)
		if digits < 1 || digits > maxDigits || scale < 0 || scale > digits {
			return invalid("item %s: no decimal has %d digits with %d of them after the point", it.Name, digits, scale)
		}
		to.length, to.scale = digits-scale, scale
	}
	return nil
}

func digitsOf(it *datarun.Item) (digits, scale int) {
	digits, scale = it.Length, it.Scale
	switch {
	case it.Type == datarun.Numeric && digits == 0:
		digits = numericDigits
	case it.Type == datarun.Currency:
		if digits == 0 {
			digits = currencyDigits
		}
		if scale == 0 {
			scale = currencyScale
		}
	}
	return digits, scale
}

func (e *entry) compileKey(names []datarun.ItemName) error {
	if len(names) == 0 {
		return invalid("the entry has no key")
	}
	for at, name := range names {
		i, known := e.byName[string(name)]
		if !known {
			return invalid("key item %s is not an item", name)
		}
		it := &e.items[i]
		if it.keyAt >= 0 {
			return invalid("key item %s is there twice", name)
		}
		if it.form == anything {
			return invalid("key item %s: a value of type G has no text to make a key of", name)
		}
		it.keyAt, it.required = at, true
		e.key = append(e.key, i)
	}
	return nil
}

func invalid(format string, args ...any) error {
	return datarun.Errorf(datarun.Invalid, "check", "%w", fmt.Errorf(format, args...))
}
