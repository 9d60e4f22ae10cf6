package sqltable

import "context"

// Slots bounds how many streams of a source are read at once. Check and Discover go past it: they must answer while all
// streams are being read.
type Slots chan struct{}

// Spare is how many connections a source needs beside its slots, for Check and Discover.
const Spare = 2

// Take waits for a slot. The caller gives it back with Give.
func (s Slots) Take(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case s <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Give gives a slot back.
func (s Slots) Give() { <-s }
