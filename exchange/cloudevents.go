package exchange

import (
	"encoding/binary"
	"strconv"
	"time"

	"datarun"
)

// An envelope on Kafka is a CloudEvents 1.0 event in the binary mode of the Kafka binding: attributes are headers named
// "ce_…", the record value is the data alone. Types of events:
const (
	TypeUpsert = "datarun.record.upsert" // the value is the record
	TypeDelete = "datarun.record.delete" // the value is null: a tombstone
)

const contentType = "application/json"

// Event is the attributes of a CloudEvents event. Extensions are left out.
type Event struct {
	SpecVersion string
	ID          string
	Source      string
	Type        string
	Subject     string
	Time        time.Time // zero when absent or not RFC 3339
	DataSchema  string    // "/schema/<resource code dotted>/<version>" from this hub
	ContentType string
}

// schemaURI names the version of the entry that a record was checked against.
func schemaURI(code datarun.ResourceCode, version int) string {
	return "/schema/" + code.Dotted() + "/" + strconv.Itoa(version)
}

// eventEncoder writes header blocks. What neighbouring envelopes have in common (source, time, schema, type) is written
// once and copied, since in a batch from a connector all of them are the same.
type eventEncoder struct {
	source   string
	resource datarun.ResourceCode
	schema   int
	op       datarun.Op
	time     time.Time
	ready    bool
	common   []byte // count and the headers in common
	block    []byte
}

// encode returns the header block of e, valid until the next call.
func (x *eventEncoder) encode(e *datarun.Envelope) []byte {
	if !x.ready || e.Source != x.source || e.Resource != x.resource || e.Schema != x.schema || e.Op != x.op || !e.Time.Equal(x.time) {
		x.prepare(e)
	}
	x.block = append(x.block[:0], x.common...)
	x.block = appendHeader(x.block, "ce_id", e.ID)
	x.block = appendHeader(x.block, "ce_subject", e.Key)
	return x.block
}

func (x *eventEncoder) prepare(e *datarun.Envelope) {
	x.source, x.resource, x.schema, x.op, x.time, x.ready = e.Source, e.Resource, e.Schema, e.Op, e.Time, true
	count := int64(6)
	eventType := TypeUpsert
	if e.Op == datarun.Delete {
		eventType = TypeDelete
	} else {
		count++
	}
	if !e.Time.IsZero() {
		count++
	}
	b := binary.AppendVarint(x.common[:0], count)
	b = appendHeader(b, "ce_specversion", "1.0")
	b = appendHeader(b, "ce_type", eventType)
	b = appendHeader(b, "ce_source", e.Source)
	b = appendHeader(b, "ce_dataschema", schemaURI(e.Resource, e.Schema))
	if e.Op != datarun.Delete {
		b = appendHeader(b, "content-type", contentType)
	}
	if !e.Time.IsZero() {
		b = appendHeader(b, "ce_time", e.Time.UTC().Format("2006-01-02T15:04:05.000Z"))
	}
	x.common = b
}

func appendHeader(b []byte, name, value string) []byte {
	b = binary.AppendVarint(b, int64(len(name)))
	b = append(b, name...)
	b = binary.AppendVarint(b, int64(len(value)))
	return append(b, value...)
}

// parseEvent reads a header block. Unknown headers are passed over, of a name given twice the last counts, what is
// missing stays empty and what is cut off ends the reading: other clients write to these topics too, and a record
// without proper headers is still a record.
func parseEvent(block []byte) Event {
	var e Event
	count, n := binary.Varint(block)
	if n <= 0 {
		return e
	}
	b := block[n:]
	for range count {
		name, rest, ok := nullable(b)
		if !ok {
			break
		}
		value, rest, ok := nullable(rest)
		if !ok {
			break
		}
		e.set(string(name), value)
		b = rest
	}
	return e
}

func (e *Event) set(name string, value []byte) {
	switch name {
	case "ce_specversion":
		e.SpecVersion = string(value)
	case "ce_id":
		e.ID = string(value)
	case "ce_source":
		e.Source = string(value)
	case "ce_type":
		e.Type = string(value)
	case "ce_subject":
		e.Subject = string(value)
	case "ce_time":
		e.Time, _ = time.Parse(time.RFC3339Nano, string(value)) // the zero time says that it was no time
	case "ce_dataschema":
		e.DataSchema = string(value)
	case "content-type":
		e.ContentType = string(value)
	}
}
