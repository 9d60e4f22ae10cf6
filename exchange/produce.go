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

// The versions of Produce spoken here: from record batches on, up to the last one that is not "flexible". They differ in
// the response only. Kafka 4 removed 0 to 2.
const (
	produceMin = 3
	produceMax = 8
)

// produceRequest is a produce of one batch to one partition, kept as the bytes that go on the wire.
type produceRequest struct {
	batch batch  // being built
	wire  []byte // the request
	at    int    // where the finished batch starts in wire
}

// finish completes the batch and puts the request around it.
func (q *produceRequest) finish(client, topic string, partition int32, timeout time.Duration, codec Compression, p producer) {
	b := beginRequest(q.wire[:0], protocol.Produce, 0, client)
	b = append(b, 0xff, 0xff) // no transaction
	b = append(b, 0xff, 0xff) // acks: all in-sync replicas
	b = binary.BigEndian.AppendUint32(b, uint32(timeout.Milliseconds()))
	b = binary.BigEndian.AppendUint32(b, 1)
	b = appendString(b, topic)
	b = binary.BigEndian.AppendUint32(b, 1)
	b = binary.BigEndian.AppendUint32(b, uint32(partition))
	b = append(b, 0, 0, 0, 0) // size of the batch
	q.at = len(b)
	b = q.batch.finish(b, codec, p)
	binary.BigEndian.PutUint32(b[q.at-4:], uint32(len(b)-q.at))
	endRequest(b)
	q.wire = b
}

// restamp changes the identity of a finished request.
func (q *produceRequest) restamp(p producer) { stamp(q.wire[q.at:], p) }

// produce sends a finished request to the leader and returns the offset that its first record got. It tries once.
func (c *Cluster) produce(ctx context.Context, leader int32, q *produceRequest, timeout time.Duration) (base int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout+slack)
	defer cancel()
	var code int16
	var message string
	err = c.do(ctx, &rawCall{
		key: protocol.Produce, broker: leader, settle: true,
		write: func(w io.Writer, version int16) error {
			if version < produceMin || version > produceMax {
				return fmt.Errorf("produce version %d: %w", version, kafka.UnsupportedVersion)
			}
			binary.BigEndian.PutUint16(q.wire[6:], uint16(version))
			_, err := w.Write(q.wire)
			return err
		},
		read: func(r io.Reader, version int16) error {
			body, err := readResponse(r)
			if err != nil {
				return err
			}
			base, code, message, err = parseProduce(body, version)
			return err
		},
	})
	if err == nil && code != 0 {
		err = codeError(code)
		if message != "" {
			err = fmt.Errorf("%s: %w", message, err)
		}
	}
	return base, kindOf(err)
}

// parseProduce reads a response about one partition.
func parseProduce(body []byte, version int16) (base int64, code int16, message string, err error) {
	c := cursor{b: body}
	if c.count(1) != 1 {
		return 0, 0, "", fmt.Errorf("produce response without its topic")
	}
	c.str() // topic
	if c.count(1) != 1 {
		return 0, 0, "", fmt.Errorf("produce response without its partition")
	}
	c.int32() // partition
	code = c.int16()
	base = c.int64()
	c.int64() // log append time
	if version >= 5 {
		c.int64() // log start
	}
	if version >= 8 {
		for range c.count(6) {
			c.int32()
			c.str()
		}
		message = c.str()
	}
	if c.bad {
		return 0, 0, "", fmt.Errorf("produce response is cut off")
	}
	return base, code, message, nil
}
