package strict

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is a time span written as "2s", "10m" or "1h30m".
type Duration time.Duration

// UnmarshalJSON reads a span; it may not be negative.
func (d *Duration) UnmarshalJSON(raw []byte) error {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return errors.New(`not a time span like "2s" or "1h30m"`)
	}
	span, err := time.ParseDuration(text)
	if err != nil || span < 0 {
		return errors.New(`not a time span like "2s" or "1h30m"`)
	}
	*d = Duration(span)
	return nil
}

// String writes the span as UnmarshalJSON reads it.
func (d Duration) String() string { return time.Duration(d).String() }

// Bytes is a number of bytes, written as a number or with a unit: 65536, "64KiB", "1MiB".
type Bytes int64

var units = []struct {
	name string
	size int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}}

// UnmarshalJSON reads a size of at least one byte and at most a PiB.
func (b *Bytes) UnmarshalJSON(raw []byte) error {
	text := strings.Trim(string(raw), `"`)
	size := int64(1)
	for _, u := range units {
		if number, ok := strings.CutSuffix(text, u.name); ok {
			text, size = strings.TrimSpace(number), u.size
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 || n > (1<<50)/size {
		return fmt.Errorf(`not a size like 65536, "64KiB" or "1MiB"`)
	}
	*b = Bytes(n * size)
	return nil
}
