package exchange

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"

	"datarun"
)

// run is what one fetch brought of one partition.
type run struct {
	messages []datarun.Message
	next     int64 // where to fetch on
	bytes    int   // of memory the messages hold on to, about
}

// aborted is a transaction that was given up: its records must not be seen.
type aborted struct{ producer, first int64 }

// decodeRun reads the record batches of a fetch response from offset from on. Messages share memory with data where it
// is not compressed. data may end in the middle of a batch, as brokers cut it; whatever else does not add up is an error
// that says where.
func decodeRun(data []byte, from int64, gone []aborted) (run, error) {
	r := run{next: from}
	r.messages = make([]datarun.Message, 0, countRecords(data))
	var skip map[int64]bool
	for len(data) >= batchHead {
		size := 12 + int(int32(binary.BigEndian.Uint32(data[batchLength:])))
		if size < batchHead {
			return r, fmt.Errorf("offset %d: batch of %d bytes", r.next, size)
		}
		if size > len(data) {
			break
		}
		b := data[:size]
		data = data[size:]
		if b[16] != 2 {
			return r, fmt.Errorf("offset %d: record format %d; this hub reads format 2 (Kafka 0.11 and later)", r.next, b[16])
		}
		if crc32.Checksum(b[batchAttrs:], castagnoli) != binary.BigEndian.Uint32(b[batchCRC:]) {
			return r, fmt.Errorf("offset %d: checksum of the batch is wrong", r.next)
		}
		first := int64(binary.BigEndian.Uint64(b))
		last := first + int64(int32(binary.BigEndian.Uint32(b[batchLast:])))
		if last < r.next {
			continue
		}
		gone, skip = begin(gone, skip, last)
		attrs := binary.BigEndian.Uint16(b[batchAttrs:])
		pid := int64(binary.BigEndian.Uint64(b[batchPID:]))
		switch {
		case attrs&attrControl != 0:
			delete(skip, pid) // the marker ends the transaction, committed or not
		case attrs&attrTransactional != 0 && skip[pid]:
		default:
			if err := r.decode(b, attrs, first); err != nil {
				return r, fmt.Errorf("batch at offset %d: %w", first, err)
			}
		}
		r.next = last + 1
	}
	return r, nil
}

// begin moves the transactions that start at or before offset last from gone to skip.
func begin(gone []aborted, skip map[int64]bool, last int64) ([]aborted, map[int64]bool) {
	for len(gone) > 0 && gone[0].first <= last {
		if skip == nil {
			skip = map[int64]bool{}
		}
		skip[gone[0].producer] = true
		gone = gone[1:]
	}
	return gone, skip
}

// countRecords adds up what the batches say they hold, bounded by what can be in there.
func countRecords(data []byte) int {
	total, bound := 0, len(data)
	for len(data) >= batchHead {
		size := 12 + int(int32(binary.BigEndian.Uint32(data[batchLength:])))
		if size < batchHead || size > len(data) {
			break
		}
		total += max(0, int(int32(binary.BigEndian.Uint32(data[batchCount:]))))
		data = data[size:]
	}
	return min(total, bound)
}

// decode appends the records of a batch from r.next on.
func (r *run) decode(b []byte, attrs uint16, first int64) error {
	records := b[batchHead:]
	if codec := attrs & attrCodec; codec != 0 {
		var err error
		if records, err = inflate(codec, records); err != nil {
			return err
		}
	}
	r.bytes += len(records)
	count := int(int32(binary.BigEndian.Uint32(b[batchCount:])))
	firstTime := int64(binary.BigEndian.Uint64(b[batchFirstTS:]))
	var fixed time.Time
	if attrs&attrLogAppendTime != 0 {
		fixed = time.UnixMilli(int64(binary.BigEndian.Uint64(b[batchMaxTS:])))
	}
	var p record
	for i := range count {
		var ok bool
		if records, ok = p.parse(records); !ok {
			return fmt.Errorf("record %d of %d is cut off", i+1, count)
		}
		offset := first + p.offset
		if offset < r.next {
			continue
		}
		at := fixed
		if at.IsZero() {
			at = time.UnixMilli(firstTime + p.time)
		}
		r.messages = append(r.messages, datarun.Message{Offset: offset, Time: at, Key: p.key, Value: p.value})
	}
	return nil
}

// record is one record as it stands in a batch.
type record struct {
	time, offset int64 // deltas to the batch's
	key, value   []byte
	headers      []byte // block: count, then name and value each with its length
}

// parse reads the record at the front of b into p and returns the rest. The fields share memory with b.
func (p *record) parse(b []byte) (rest []byte, ok bool) {
	size, n := binary.Varint(b)
	if n <= 0 || size < 1 || size > int64(len(b)-n) {
		return nil, false
	}
	body, rest := b[n+1:n+int(size)], b[n+int(size):]
	if p.time, n = binary.Varint(body); n <= 0 {
		return nil, false
	}
	body = body[n:]
	if p.offset, n = binary.Varint(body); n <= 0 {
		return nil, false
	}
	if p.key, body, ok = nullable(body[n:]); !ok {
		return nil, false
	}
	if p.value, p.headers, ok = nullable(body); !ok {
		return nil, false
	}
	return rest, true
}

// nullable reads bytes with their length before them; a length of -1 is nil.
func nullable(b []byte) (v, rest []byte, ok bool) {
	size, n := binary.Varint(b)
	if n <= 0 || size < -1 || size > int64(len(b)-n) {
		return nil, nil, false
	}
	if size < 0 {
		return nil, b[n:], true
	}
	end := n + int(size)
	return b[n:end:end], b[end:], true
}
