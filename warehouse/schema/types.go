package schema

import (
	"fmt"
	"strings"

	"datarun"
)

// Digits of decimals where the entry leaves them out.
const (
	currencyDigits = 20
	currencyScale  = 2
	numericDigits  = 38
	maxDigits      = 76
)

// Digits is how many digits an item of type Numeric or Currency has: all, and after the point.
func Digits(item *datarun.Item) (precision, scale int) {
	precision, scale = item.Length, item.Scale
	if item.Type == datarun.Currency {
		if precision == 0 {
			precision = currencyDigits
		}
		if scale == 0 {
			scale = currencyScale
		}
	}
	if precision == 0 {
		precision = numericDigits
	}
	return precision, scale
}

// baseType is the item's ClickHouse type, without regard to null.
func baseType(item *datarun.Item) (string, error) {
	switch item.Type {
	case datarun.Char, datarun.Memo, datarun.General:
		return "String", nil
	case datarun.Numeric, datarun.Currency:
		precision, scale := Digits(item)
		if precision < 1 || precision > maxDigits || scale < 0 || scale > precision {
			return "", datarun.Errorf(datarun.Invalid, "schema", "item %s: no decimal of %d digits with %d after the point", item.Name, precision, scale)
		}
		return fmt.Sprintf("Decimal(%d, %d)", precision, scale), nil
	case datarun.Date:
		return "Date32", nil
	case datarun.DateTime:
		return "DateTime64(3, 'Asia/Shanghai')", nil
	case datarun.Bool:
		return "Bool", nil
	case datarun.Integer:
		return "Int64", nil
	case datarun.Double, datarun.Float:
		return "Float64", nil
	}
	return "", datarun.Errorf(datarun.Invalid, "schema", "item %s: unknown type %q", item.Name, string(item.Type))
}

// ColumnType is the item's ClickHouse type: Nullable unless the item is required.
func ColumnType(item *datarun.Item) (string, error) {
	base, err := baseType(item)
	if err != nil || item.Required {
		return base, err
	}
	return "Nullable(" + base + ")", nil
}

// nullable takes Nullable(…) apart.
func nullable(t string) (base string, isNullable bool) {
	if inner, ok := strings.CutPrefix(t, "Nullable("); ok {
		return strings.TrimSuffix(inner, ")"), true
	}
	return t, false
}
