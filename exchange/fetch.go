package exchange

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
)

// The versions of Fetch spoken here: from record batches on, up to the last one that is not "flexible". Kafka 4 removed
// 0 to 3.
const (
	fetchMin = 4
	fetchMax = 11
)

// want is one partition of a fetch.
type want struct {
	topic     string
	partition int32
	offset    int64
	bytes     int32 // most to be returned; the first batch comes whole even so
}

// got is what a fetch brought of one partition.
type got struct {
	topic      string
	partition  int32
	code       int16
	end, start int64 // of the log; end is the last stable offset
	aborted    []aborted
	records    []byte // shares memory with the whole response
}

// fetch asks one broker for records of several partitions and returns what it has, at the latest after wait.
func (c *Cluster) fetch(ctx context.Context, leader int32, wants []want, maxBytes int, wait time.Duration) ([]got, error) {
	ctx, cancel := context.WithTimeout(ctx, wait+slack)
	defer cancel()
	var gots []got
	err := c.do(ctx, &rawCall{
		key: protocol.Fetch, broker: leader,
		write: func(w io.Writer, version int16) error {
			if version < fetchMin || version > fetchMax {
				return fmt.Errorf("fetch version %d: %w", version, kafka.UnsupportedVersion)
			}
			_, err := w.Write(appendFetch(nil, version, c.cfg.ClientID, wants, maxBytes, wait))
			return err
		},
		read: func(r io.Reader, version int16) error {
			body, err := readResponse(r)
			if err == nil {
				gots, err = parseFetch(body, version)
			}
			return err
		},
	})
	if err != nil {
		return nil, kindOf(err) // gots may still be written
	}
	return gots, nil
}

// readCommitted leaves out what a foreign client's open or given-up transaction wrote.
const readCommitted = 1

// appendFetch appends a request. Partitions of one topic must be next to each other.
func appendFetch(b []byte, version int16, client string, wants []want, maxBytes int, wait time.Duration) []byte {
	b = beginRequest(b, protocol.Fetch, version, client)
	b = binary.BigEndian.AppendUint32(b, ^uint32(0)) // not a replica
	b = binary.BigEndian.AppendUint32(b, uint32(wait.Milliseconds()))
	b = binary.BigEndian.AppendUint32(b, 1) // answer as soon as there is a byte
	b = binary.BigEndian.AppendUint32(b, uint32(maxBytes))
	b = append(b, readCommitted)
	if version >= 7 {
		b = binary.BigEndian.AppendUint32(b, 0)          // no session
		b = binary.BigEndian.AppendUint32(b, ^uint32(0)) // and none wanted
	}
	topics := len(b)
	b = binary.BigEndian.AppendUint32(b, 0)
	n, partitions := uint32(0), 0
	for i, w := range wants {
		if i == 0 || w.topic != wants[i-1].topic {
			n++
			b = appendString(b, w.topic)
			partitions = len(b)
			b = binary.BigEndian.AppendUint32(b, 0)
		}
		binary.BigEndian.PutUint32(b[partitions:], binary.BigEndian.Uint32(b[partitions:])+1)
		b = binary.BigEndian.AppendUint32(b, uint32(w.partition))
		if version >= 9 {
			b = binary.BigEndian.AppendUint32(b, ^uint32(0)) // leader epoch: any
		}
		b = binary.BigEndian.AppendUint64(b, uint64(w.offset))
		if version >= 5 {
			b = binary.BigEndian.AppendUint64(b, ^uint64(0)) // log start: for followers
		}
		b = binary.BigEndian.AppendUint32(b, uint32(w.bytes))
	}
	binary.BigEndian.PutUint32(b[topics:], n)
	if version >= 7 {
		b = binary.BigEndian.AppendUint32(b, 0) // forgotten topics
	}
	if version >= 11 {
		b = appendString(b, "") // rack
	}
	endRequest(b)
	return b
}

func parseFetch(body []byte, version int16) ([]got, error) {
	c := cursor{b: body}
	c.int32() // throttle
	if version >= 7 {
		if code := c.int16(); code != 0 {
			return nil, kafka.Error(code)
		}
		c.int32() // session
	}
	var gots []got
	for range c.count(6) {
		topic := c.str()
		for range c.count(22) {
			gots = append(gots, parsePartition(&c, topic, version))
		}
	}
	if c.bad {
		return nil, fmt.Errorf("fetch response is cut off")
	}
	return gots, nil
}

func parsePartition(c *cursor, topic string, version int16) got {
	g := got{topic: topic, partition: c.int32(), code: c.int16()}
	c.int64() // high watermark
	g.end = c.int64()
	if version >= 5 {
		g.start = c.int64()
	}
	for range c.count(16) {
		g.aborted = append(g.aborted, aborted{producer: c.int64(), first: c.int64()})
	}
	if version >= 11 {
		c.int32() // preferred replica: only given to clients that name a rack
	}
	if n := c.int32(); n > 0 {
		g.records = c.take(int(n))
	}
	return g
}
