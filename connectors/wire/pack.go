package wire

import (
	"bytes"
	"encoding/json"

	"datarun"
	pb "datarun/connectors/wire/proto"
)

// The sizes of a message. softMessage is where a batch is split; with one record of MaxRecord on top and the columns
// beside it, a message stays under hardMessage, which is what the host accepts.
const (
	softMessage = 1 << 20
	hardMessage = 4 << 20
	maxRecords  = 1 << 16 // in one message
	maxPosition = 64 << 10
	maxRaw      = 64 << 10 // of a record that went to quarantine
	maxText     = 1 << 10  // of each part of a fault
)

// packer splits batches into messages and hands them to send. It is used by one Read.
type packer struct {
	send func(*pb.Batch) error
	msg  *pb.Batch
	size int  // of the message so far, roughly
	ops  bool // a record of the message is not an upsert
}

// emit sends one batch. Only its last piece carries the position: until that one is durable, the position must not move.
func (p *packer) emit(batch datarun.Batch) error {
	if len(batch.Position) > maxPosition {
		return datarun.Errorf(datarun.Internal, "connector wire", "a position is %d bytes, at most %d are allowed", len(batch.Position), maxPosition)
	}
	left := batch.Bytes()
	p.begin(left, len(batch.Records))
	for i := range batch.Records {
		r := &batch.Records[i]
		if len(p.msg.Sizes) > 0 && (p.size+len(r.Data) > softMessage || len(p.msg.Sizes) >= maxRecords) {
			if err := p.flush(nil); err != nil {
				return err
			}
			p.begin(left, len(batch.Records)-i)
		}
		p.add(r)
		left -= len(r.Data)
	}
	return p.flush(batch.Position)
}

func (p *packer) begin(bytes, records int) {
	p.msg = &pb.Batch{
		Data:  make([]byte, 0, min(bytes, softMessage)),
		Sizes: make([]uint32, 0, min(records, maxRecords)),
	}
	p.size, p.ops = 0, false
}

func (p *packer) add(r *datarun.Record) {
	m, data, fault := p.msg, r.Data, r.Fault
	if len(data) > datarun.MaxRecord {
		data, fault = oversized(r)
	}
	if r.Op != datarun.Upsert && !p.ops {
		p.ops = true
		m.Ops = append(make([]byte, 0, cap(m.Sizes)), make([]byte, len(m.Sizes))...)
	}
	if p.ops {
		m.Ops = append(m.Ops, byte(r.Op))
	}
	if fault != nil {
		m.Faults = append(m.Faults, &pb.Fault{
			Index: uint32(len(m.Sizes)), Rule: cut(string(fault.Rule), maxText), Item: cut(string(fault.Item), maxText),
			Detail: cut(fault.Detail, maxText), Where: cut(fault.Where, maxText),
		})
		p.size += 64 + len(fault.Detail) + len(fault.Where)
	}
	m.Data = append(m.Data, data...)
	m.Sizes = append(m.Sizes, uint32(len(data)))
	p.size += len(data) + 4
}

func (p *packer) flush(position datarun.Position) error {
	m := p.msg
	p.msg = nil
	if len(m.Sizes) == 0 && len(position) == 0 {
		return nil
	}
	m.Position = position
	return p.send(m)
}

// oversized makes the quarantine record of one that the hub does not carry.
func oversized(r *datarun.Record) ([]byte, *datarun.Fault) {
	raw, _ := json.Marshal(string(bytes.ToValidUTF8(r.Data[:maxRaw], nil))) //nolint:errchkjson // a string always marshals
	f := datarun.Errorf(datarun.Invalid, "", "at most %d bytes, this record has %d", datarun.MaxRecord, len(r.Data)).Error()
	fault := &datarun.Fault{Rule: datarun.RuleSize, Detail: f}
	if r.Fault != nil {
		fault.Where = r.Fault.Where
	}
	return raw, fault
}

// unpack is the inverse: the records are slices of the message's one blob. The message is not to be used afterwards.
func unpack(m *pb.Batch) (datarun.Batch, error) {
	n := len(m.Sizes)
	if n > maxRecords || len(m.Position) > maxPosition || (len(m.Ops) != 0 && len(m.Ops) != n) {
		return datarun.Batch{}, malformed("%d sizes, %d ops, %d bytes of position", n, len(m.Ops), len(m.Position))
	}
	records := make([]datarun.Record, n)
	at := 0
	for i, size := range m.Sizes {
		end := at + int(size)
		if end > len(m.Data) {
			return datarun.Batch{}, malformed("record %d of %d ends at byte %d of %d", i, n, end, len(m.Data))
		}
		records[i].Data = m.Data[at:end:end]
		at = end
	}
	if at != len(m.Data) {
		return datarun.Batch{}, malformed("the records are %d bytes, the data %d", at, len(m.Data))
	}
	for i, op := range m.Ops {
		if datarun.Op(op) > datarun.Delete {
			return datarun.Batch{}, malformed("record %d has op %d", i, op)
		}
		records[i].Op = datarun.Op(op)
	}
	for _, f := range m.Faults {
		if int(f.GetIndex()) >= n {
			return datarun.Batch{}, malformed("a fault of record %d of %d", f.GetIndex(), n)
		}
		records[f.Index].Fault = &datarun.Fault{
			Rule: datarun.Rule(f.Rule), Item: datarun.ItemName(f.Item), Detail: f.Detail, Where: f.Where,
		}
	}
	return datarun.Batch{Records: records, Position: m.Position}, nil
}

func malformed(format string, args ...any) error {
	return datarun.Errorf(datarun.Corrupt, "connector wire: malformed batch", format, args...)
}
