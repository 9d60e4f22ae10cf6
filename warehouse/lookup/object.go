package lookup

import (
	"strconv"
	"time"

	"datarun"
	"datarun/internal/rowjson"
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
		default:
			dst = rowjson.AppendString(dst, text)
		}
	}
	return append(dst, '}'), nil
}
