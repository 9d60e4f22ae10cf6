package lookup

import (
	"strconv"
	"strings"
	"time"

	"datarun"
	"datarun/internal/rowjson"
	"datarun/warehouse/schema"
)

// object renders one row. texts holds the columns as text, nil for null.
func (s *shape) object(texts []*string) ([]byte, error) {
	dst := []byte{'{'}
	for i, item := range s.items {
		dst = rowjson.AppendName(dst, string(item.Name))
		if texts[i] == nil {
			dst = append(dst, "null"...)
			continue
		}
		switch text := *texts[i]; item.Type {
		case datarun.Integer, datarun.Double, datarun.Float, datarun.Bool, datarun.General:
			dst = append(dst, text...)
		case datarun.DateTime:
			ms, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return nil, datarun.Errorf(datarun.Corrupt, "lookup", "item %s: not an instant", item.Name)
			}
			dst = append(dst, '"')
			dst = time.UnixMilli(ms).In(datarun.China).AppendFormat(dst, "2006-01-02T15:04:05.999Z07:00")
			dst = append(dst, '"')
		case datarun.Numeric, datarun.Currency:
			_, scale := schema.Digits(item)
			dst = append(appendScaled(append(dst, '"'), text, scale), '"')
		default:
			dst = rowjson.AppendString(dst, text)
		}
	}
	return append(dst, '}'), nil
}

// appendScaled appends a decimal with all digits of its scale: the server leaves zeros at the end out.
func appendScaled(dst []byte, text string, scale int) []byte {
	dst = append(dst, text...)
	have := 0
	if point := strings.IndexByte(text, '.'); point >= 0 {
		have = len(text) - point - 1
	} else if scale > 0 {
		dst = append(dst, '.')
	}
	for ; have < scale; have++ {
		dst = append(dst, '0')
	}
	return dst
}
