package exchange

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/segmentio/kafka-go/protocol"

	"datarun"
)

// A table on the embedded broker is trimmed when it has this many records, and this many for each live key.
const (
	trimRecords = 20_000
	trimPerKey  = 10
)

// trim keeps a table short on a broker that does not compact (Config.Embedded): it writes all rows once more and
// has everything before them deleted. A crash between the two leaves both, which reads as the same map.
func (t *Table) trim(ctx context.Context) error {
	if !t.c.cfg.Embedded || !t.long() {
		return nil
	}
	t.writing.Lock() // a Set between copy and append would be undone by it
	defer t.writing.Unlock()
	keys, values := t.due()
	if keys == nil {
		return nil
	}
	first := int64(-1)
	for len(keys) > 0 {
		n := min(len(keys), 10_000)
		j := &job{n: n, add: func(b *batch, i int) { add(b, keys[i], true, values[i], noHeaders) }}
		if err := t.sink.put(ctx, j); err != nil {
			return datarun.Wrap("table: trim", err)
		}
		if first < 0 {
			first = j.offset
		}
		t.mu.Lock()
		for i, key := range keys[:n] {
			t.put(key, values[i], j.offset+int64(i))
		}
		t.mu.Unlock()
		keys, values = keys[n:], values[n:]
	}
	if err := t.c.deleteRecords(ctx, t.at, first); err != nil {
		return datarun.Wrap("table: trim", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.start, t.next = first, max(t.next, first)
	return nil
}

// long reports whether the topic is too long for what the table holds.
func (t *Table) long() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	records := t.last + 1 - t.start
	return len(t.rows) > 0 && records >= trimRecords && records >= int64(trimPerKey*len(t.rows))
}

// due returns all rows when the table is too long.
func (t *Table) due() (keys []string, values [][]byte) {
	if !t.long() {
		return nil, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for key, r := range t.rows {
		if r.value != nil {
			keys, values = append(keys, key), append(values, r.value)
		}
	}
	return keys, values
}

// deleteRecords deletes what is before an offset.
func (c *Cluster) deleteRecords(ctx context.Context, p place, before int64) error {
	leader, err := c.leader(ctx, p.topic, int(p.partition))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	var code int16
	err = c.do(ctx, &rawCall{
		key: protocol.DeleteRecords, broker: leader,
		write: func(w io.Writer, _ int16) error {
			b := beginRequest(nil, protocol.DeleteRecords, 0, c.cfg.ClientID)
			b = binary.BigEndian.AppendUint32(b, 1)
			b = appendString(b, p.topic)
			b = binary.BigEndian.AppendUint32(b, 1)
			b = binary.BigEndian.AppendUint32(b, uint32(p.partition))
			b = binary.BigEndian.AppendUint64(b, uint64(before))
			b = binary.BigEndian.AppendUint32(b, uint32(c.cfg.Timeout.Milliseconds()))
			endRequest(b)
			_, err := w.Write(b)
			return err
		},
		read: func(r io.Reader, _ int16) error {
			body, err := readResponse(r)
			if err != nil {
				return err
			}
			res := cursor{b: body}
			res.int32() // throttle
			res.count(1)
			res.str()
			res.count(1)
			res.int32()
			res.int64() // low watermark
			if code = res.int16(); res.bad {
				err = fmt.Errorf("response is cut off")
			}
			return err
		},
	})
	if err != nil {
		return kindOf(err)
	}
	return codeError(code)
}
