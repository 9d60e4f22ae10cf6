package conntest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"datarun"
	"datarun/connectors"
)

// changeLog is what a reference source reads.
type changeLog interface {
	since(ctx context.Context, at int) ([]change, error)
	note(reads, acked int)
	batch() int
	before(at int) error
}

// reference is the Source of Memory and Journal. Its position is {"next":N}: the number of the next change.
type reference struct {
	log changeLog
}

type position struct {
	Next int `json:"next"`
}

// Check implements connectors.Source.
func (r *reference) Check(ctx context.Context, streams []connectors.Stream) (connectors.Report, error) {
	report := connectors.Report{Findings: []connectors.Finding{{Level: connectors.Pass, What: "log", Detail: "readable"}}}
	if _, err := r.log.since(ctx, 0); err != nil && datarun.KindOf(err) != datarun.Corrupt {
		report.Findings[0] = connectors.Finding{Level: connectors.Fail, What: "log", Detail: err.Error()}
	}
	for _, s := range streams {
		f := connectors.Finding{Level: connectors.Pass, Stream: s.Name, What: "object", Detail: "it is there"}
		if s.Object != MemoryStream.Object {
			f.Level, f.Detail = connectors.Fail, "there is only "+MemoryStream.Object
		}
		report.Findings = append(report.Findings, f)
	}
	return report, nil
}

// Discover implements connectors.Source.
func (r *reference) Discover(context.Context) ([]connectors.Draft, error) {
	return []connectors.Draft{{Object: MemoryStream.Object, Title: "rows", Key: MemoryStream.Key,
		Items: []datarun.Item{{Name: "id", Type: datarun.Char}, {Name: "name", Type: datarun.Char}}}}, nil
}

// Read implements connectors.Source.
func (r *reference) Read(ctx context.Context, stream connectors.Stream, from datarun.Position, emit func(datarun.Batch) error) error {
	if err := strict("stream "+stream.Name, stream.Options, &struct{}{}); err != nil {
		return err
	}
	if stream.Object != MemoryStream.Object {
		return datarun.Errorf(datarun.Invalid, "stream "+stream.Name, "there is only object %s", MemoryStream.Object)
	}
	at := position{}
	if len(from) > 0 {
		if err := json.Unmarshal(from, &at); err != nil {
			return datarun.Errorf(datarun.Corrupt, "stream "+stream.Name, "the position is not one of this source")
		}
	}
	r.log.note(1, 0)
	changes, err := r.log.since(ctx, at.Next)
	if err != nil {
		return err
	}
	size := r.log.batch()
	if size <= 0 {
		size = 3
	}
	for len(changes) > 0 {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := r.log.before(at.Next); err != nil {
			return err
		}
		n := min(size, len(changes))
		batch := datarun.Batch{Records: make([]datarun.Record, n)}
		for i, c := range changes[:n] {
			batch.Records[i] = datarun.Record{Op: c.Op, Data: bytes.Clone(c.Data)}
		}
		changes, at.Next = changes[n:], at.Next+n
		batch.Position = fmt.Appendf(nil, `{"next":%d}`, at.Next)
		if err := emit(batch); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Ack implements connectors.Source.
func (r *reference) Ack(_ context.Context, stream connectors.Stream, p datarun.Position) error {
	var at position
	if err := json.Unmarshal(p, &at); err != nil {
		return datarun.Errorf(datarun.Corrupt, "stream "+stream.Name, "the position is not one of this source")
	}
	r.log.note(0, at.Next)
	return nil
}

// Close implements connectors.Source.
func (r *reference) Close() error { return nil }

// strict reads a JSON object that may hold the members of into and no others.
func strict(op string, b json.RawMessage, into any) error {
	if len(b) == 0 {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return datarun.Errorf(datarun.Invalid, op, "%w", err)
	}
	return nil
}
