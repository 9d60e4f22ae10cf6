package shape

import (
	"errors"
	"time"
)

// Zone is the offset from UTC of times that come without one, in the form "+08:00".
type Zone string

// China is the zone where nothing else is set.
const China Zone = "+08:00"

// UnmarshalText accepts an offset of at most 14 hours, "+08:00", or "Z".
func (z *Zone) UnmarshalText(text []byte) error {
	s := string(text)
	if s == "Z" {
		*z = Zone(s)
		return nil
	}
	if _, err := time.Parse("-07:00", s); err != nil || s[1:] > "14:00" {
		return errors.New(`not an offset like "+08:00"`)
	}
	*z = Zone(s)
	return nil
}

// Location returns the zone for use with package time.
func (z Zone) Location() *time.Location {
	t, err := time.Parse("Z07:00", string(z))
	if err != nil {
		return time.UTC
	}
	return t.Location()
}
