package sqltable

import (
	"fmt"
	"unicode/utf8"

	"datarun"
	"datarun/internal/rowjson"
)

// Batches are this large, except that the last record of one may reach over.
const (
	batchBytes   = 768 << 10
	batchRecords = 10_000
	firstBytes   = 8 << 10      // a batch's buffer begins with, until one was full
	pageRows     = batchRecords // that are read at most before a page ends; also the LIMIT of its query
	rawLimit     = 64 << 10     // of a faulty row, as datarun.Record has it
)

// Sink gathers the records of one pass into batches. A Session's Scan sets Key and Cursor, then for each row appends the
// record to Buffer and hands the result to Add.
type Sink struct {
	// Key returns the current row's key, or for changes its cursor and key. Its result is kept.
	Key func() []Value
	// Cursor returns the current row's cursor, nil for NULL or none. Its result is not kept.
	Cursor func() []byte
	// Order are the columns in the plan's Select that make up Key.
	Order []int

	plan     *Plan
	emit     func(datarun.Batch) error
	position func(after []Value) datarun.Position
	paged    bool

	buf     []byte
	ends    []int
	ops     []datarun.Op
	faults  map[int]*datarun.Fault
	failed  error // what emit returned
	emitted int   // batches

	last, safe []Value // without a unique key: the running row's key, and the one before
	scanned    int     // in pages: rows of this page so far
	pageEnd    []Value // in pages: the key of the last row of a page that is done

	skip, collect *seen // what not to emit again; where to note what was
	low           Value // note from here on
}

// Buffer is what the next record is to be appended to, and nothing else done with.
func (s *Sink) Buffer() []byte {
	if s.buf == nil {
		size := firstBytes // most polls find a few rows
		if s.emitted > 0 {
			size = batchBytes + batchBytes/8
		}
		s.buf = make([]byte, 0, size)
	}
	return s.buf
}

func (s *Sink) start() int {
	if len(s.ends) == 0 {
		return 0
	}
	return s.ends[len(s.ends)-1]
}

// Add takes the record that was appended to Buffer, and emits a batch when it is time.
func (s *Sink) Add(buf []byte, op datarun.Op) error {
	data := buf[s.start():]
	if len(data) > datarun.MaxRecord {
		detail := fmt.Sprintf("the record has %d bytes, the most is %d", len(data), datarun.MaxRecord)
		return s.Fault(append([]byte(nil), data[:rawLimit]...), datarun.Fault{Rule: datarun.RuleSize, Detail: detail})
	}
	return s.take(buf, op, nil)
}

// Fault takes a row that cannot be made a record of. raw is the row as the database gave it, cut where it is long.
func (s *Sink) Fault(raw []byte, fault datarun.Fault) error {
	fault.Where = s.plan.Table.String()
	if len(raw) > rawLimit {
		raw = raw[:rawLimit]
		for len(raw) > rawLimit-utf8.UTFMax && !utf8.Valid(raw[len(raw)-1:]) {
			raw = raw[:len(raw)-1] // rather too short than half a character
		}
	}
	return s.take(rowjson.AppendString(s.Buffer(), raw), datarun.Upsert, &fault)
}

func (s *Sink) take(buf []byte, op datarun.Op, fault *datarun.Fault) error {
	if s.collect == nil || !s.repeated(buf[s.start():], op) {
		s.keep(buf, op, fault)
	}
	if s.paged {
		if s.scanned++; s.PageDone() {
			s.pageEnd = s.Key()
		}
		return nil
	}
	if !s.full() {
		return nil
	}
	return s.flush()
}

func (s *Sink) keep(buf []byte, op datarun.Op, fault *datarun.Fault) {
	if fault != nil {
		if s.faults == nil {
			s.faults = map[int]*datarun.Fault{}
		}
		s.faults[len(s.ends)] = fault
	}
	s.buf = buf
	s.ends = append(s.ends, len(buf))
	s.ops = append(s.ops, op)
	if !s.plan.Unique {
		if key := s.Key(); !equalValues(key, s.last) {
			s.last, s.safe = key, s.last
		}
	}
}

// repeated notes a record of the window, and reports whether it was emitted by an earlier pass.
func (s *Sink) repeated(data []byte, op datarun.Op) bool {
	cursor := s.Cursor()
	if cursor == nil || !s.plan.inWindow(cursor, s.low) {
		return false
	}
	h := hashRecord(op, data)
	s.collect.add(h)
	return s.skip != nil && s.skip.has(h)
}

func (s *Sink) full() bool { return len(s.buf) >= batchBytes || len(s.ends) >= batchRecords }

// PageDone reports, where the table is read in pages, that Scan is to stop and let go of the table. It is called again
// to go on.
func (s *Sink) PageDone() bool { return s.paged && (s.full() || s.scanned >= pageRows) }

// turn emits a page, and says where the next one begins, nil when this was the last.
func (s *Sink) turn() ([]Value, error) {
	if !s.PageDone() {
		return nil, nil
	}
	s.scanned = 0
	if len(s.ends) == 0 {
		return s.pageEnd, nil // all of it was repeated
	}
	return s.pageEnd, s.flush()
}

// flush emits what was gathered with a position after its last row: or, where several rows may have one key, before it.
func (s *Sink) flush() error {
	switch {
	case s.paged:
		return s.send(s.position(s.pageEnd))
	case s.plan.Unique:
		return s.send(s.position(s.Key()))
	}
	return s.send(s.position(s.safe))
}

// send emits what was gathered, even if it is nothing, with the given position.
func (s *Sink) send(pos datarun.Position) error {
	records := make([]datarun.Record, len(s.ends))
	start := 0
	for i, end := range s.ends {
		records[i] = datarun.Record{Op: s.ops[i], Data: s.buf[start:end:end]}
		start = end
	}
	for i, fault := range s.faults {
		records[i].Fault = fault
	}
	s.buf, s.ends, s.ops, s.faults = nil, s.ends[:0], s.ops[:0], nil
	s.emitted++
	if err := s.emit(datarun.Batch{Records: records, Position: pos}); err != nil {
		s.failed = err
		return err
	}
	return nil
}

// idle reports whether the pass had nothing to emit.
func (s *Sink) idle() bool { return s.emitted == 0 && len(s.ends) == 0 }
