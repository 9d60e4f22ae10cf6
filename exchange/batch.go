package exchange

import (
	"encoding/binary"
	"hash/crc32"
)

// The layout of a record batch, magic 2: what precedes the records.
const (
	batchLength   = 8  // int32, of what follows it
	batchCRC      = 17 // uint32, of everything from batchAttrs on
	batchAttrs    = 21 // int16
	batchLast     = 23 // int32, last offset delta
	batchFirstTS  = 27 // int64
	batchMaxTS    = 35 // int64
	batchPID      = 43 // int64
	batchEpoch    = 51 // int16
	batchSequence = 53 // int32
	batchCount    = 57 // int32
	batchHead     = 61
)

// Bits of a batch's attributes.
const (
	attrCodec         = 0x07
	attrLogAppendTime = 0x08
	attrTransactional = 0x10
	attrControl       = 0x20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var zeroHead [batchHead]byte

// batch builds one record batch. Reset it before use; it keeps its buffers.
type batch struct {
	buf   []byte // head and records
	time  int64  // ms, of all records
	count int
}

func (b *batch) reset(now int64) {
	b.buf = append(b.buf[:0], zeroHead[:]...)
	b.time, b.count = now, 0
}

// add appends a record. Without a key, and for a nil value, it writes Kafka's null. headers is a whole header block.
func add[K string | []byte](b *batch, key K, hasKey bool, value, headers []byte) {
	var room [32]byte                                   // more than lengths and deltas ever take
	head := append(room[:0], 0, 0)                      // attributes, timestamp delta
	head = binary.AppendVarint(head, int64(b.count))    // offset delta
	head = appendNullableLength(head, len(key), hasKey) // key
	var more [binary.MaxVarintLen64]byte
	valueLength := appendNullableLength(more[:0], len(value), value != nil)

	b.buf = binary.AppendVarint(b.buf, int64(len(head)+len(key)+len(valueLength)+len(value)+len(headers)))
	b.buf = append(b.buf, head...)
	b.buf = append(b.buf, key...)
	b.buf = append(b.buf, valueLength...)
	b.buf = append(b.buf, value...)
	b.buf = append(b.buf, headers...)
	b.count++
}

func appendNullableLength(dst []byte, n int, present bool) []byte {
	if !present {
		return append(dst, 1) // zigzag of -1
	}
	return binary.AppendVarint(dst, int64(n))
}

// producer is the identity that lets a broker drop a repeated batch and refuse a gap.
type producer struct {
	id       int64
	epoch    int16
	sequence int32 // of the batch's first record
}

// finish completes the batch and appends it, compressed, to dst.
func (b *batch) finish(dst []byte, codec Compression, p producer) []byte {
	start := len(dst)
	dst = append(dst, b.buf[:batchHead]...)
	dst, attrs := codec.compress(dst, b.buf[batchHead:])
	out := dst[start:]
	binary.BigEndian.PutUint32(out[batchLength:], uint32(len(out)-batchLength-4))
	binary.BigEndian.PutUint32(out[12:], ^uint32(0)) // leader epoch: the broker's to fill
	out[16] = 2
	binary.BigEndian.PutUint16(out[batchAttrs:], attrs)
	binary.BigEndian.PutUint32(out[batchLast:], uint32(b.count-1))
	binary.BigEndian.PutUint64(out[batchFirstTS:], uint64(b.time))
	binary.BigEndian.PutUint64(out[batchMaxTS:], uint64(b.time))
	binary.BigEndian.PutUint64(out[batchPID:], uint64(p.id))
	binary.BigEndian.PutUint16(out[batchEpoch:], uint16(p.epoch))
	binary.BigEndian.PutUint32(out[batchSequence:], uint32(p.sequence))
	binary.BigEndian.PutUint32(out[batchCount:], uint32(b.count))
	binary.BigEndian.PutUint32(out[batchCRC:], crc32.Checksum(out[batchAttrs:], castagnoli))
	return dst
}

// stamp changes the producer of a finished batch, for a batch that is sent again under another identity.
func stamp(out []byte, p producer) {
	binary.BigEndian.PutUint64(out[batchPID:], uint64(p.id))
	binary.BigEndian.PutUint16(out[batchEpoch:], uint16(p.epoch))
	binary.BigEndian.PutUint32(out[batchSequence:], uint32(p.sequence))
	binary.BigEndian.PutUint32(out[batchCRC:], crc32.Checksum(out[batchAttrs:], castagnoli))
}
