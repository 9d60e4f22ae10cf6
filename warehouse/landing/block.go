package landing

import (
	"context"
	"encoding/binary"
	"time"

	"datarun"
)

// block is decoded rows of one partition, column by column, in the bytes of ClickHouse's native format: what is decoded
// is what is sent, and what is sent again when the first try failed.
type block struct {
	layout    *layout
	rows      int
	partition int
	key       []byte
	time      []byte
	version   []byte
	part      []byte
	deleted   []byte
	columns   []column
	charged   int64 // bytes of the budget that it holds
	asOf      time.Time
	commit    func(context.Context) error // of the last delivery that is wholly in here or before; nil when there is none
}

// column is the values of one item.
type column struct {
	data  []byte
	nulls []byte // one per row, for an item that is not required
	mark  int    // len(data) before the row being decoded, for values of any length
}

func (b *block) reset(l *layout) {
	b.layout, b.rows, b.charged, b.commit, b.asOf = l, 0, 0, nil, time.Time{}
	b.key, b.time, b.version, b.part, b.deleted = b.key[:0], b.time[:0], b.version[:0], b.part[:0], b.deleted[:0]
	if cap(b.columns) < len(l.fields) {
		b.columns = make([]column, len(l.fields))
	}
	b.columns = b.columns[:len(l.fields)]
	for i := range b.columns {
		b.columns[i].data, b.columns[i].nulls = b.columns[i].data[:0], b.columns[i].nulls[:0]
	}
}

// size is how many bytes the block's values take.
func (b *block) size() int {
	n := len(b.key) + b.rows*(8+8+2+1)
	for i := range b.columns {
		n += len(b.columns[i].data) + len(b.columns[i].nulls)
	}
	return n
}

// appendOwn finishes a row with the hub's own columns.
func (b *block) appendOwn(m *datarun.Message, generation uint16, partition int, deleted byte) {
	b.key = appendBytes(b.key, m.Key)
	b.time = binary.LittleEndian.AppendUint64(b.time, uint64(m.Time.UnixMilli()))
	b.version = binary.LittleEndian.AppendUint64(b.version, datarun.Version(generation, m.Offset))
	b.part = binary.LittleEndian.AppendUint16(b.part, uint16(partition))
	b.deleted = append(b.deleted, deleted)
	b.rows++
}

// appendBytes appends a String value: its length as a varint, and its bytes.
func appendBytes(dst, s []byte) []byte {
	if len(s) < 0x80 {
		dst = append(dst, byte(len(s)))
	} else {
		dst = binary.AppendUvarint(dst, uint64(len(s)))
	}
	return append(dst, s...)
}

var zeros [32]byte

// appendNull appends what stands in a column where there is no value: null, or the default of a tombstone.
func (c *column) appendNull(f *field) {
	if !f.required {
		c.nulls = append(c.nulls, 1)
	}
	if f.width > 0 {
		c.data = append(c.data, zeros[:f.width]...)
		return
	}
	c.data = append(c.data, 0)
}
