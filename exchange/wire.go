package exchange

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/segmentio/kafka-go/protocol"
)

// anyBroker routes a request to whichever broker the transport is connected to.
const anyBroker = -1

// slack is how much longer than the broker's own time limit a request may take before its connection is given up.
const slack = 10 * time.Second

// maxResponse bounds what a broker may answer, against a wrong port or a hostile peer.
const maxResponse = 256 << 20

// rawCall is one request that this package writes and reads itself, over a connection that kafka-go opened,
// authenticated and negotiated versions on (its RawExchanger extension). A connection carries one request at a time, so
// the correlation id is constant.
type rawCall struct {
	key    protocol.ApiKey
	broker int32
	write  func(w io.Writer, version int16) error
	read   func(r io.Reader, version int16) error
	// settle makes do return only when write and read are over, so that memory they use may be used again. Without it
	// they may go on after do has returned an error, and the caller must not look at what they touch.
	settle bool

	version int16
	state   atomic.Int32
	done    chan struct{}
}

// The states of a call. It begins only once, and never after it was called off.
const (
	callWaiting = iota
	callBegun
	callOff
)

// ApiKey names the request's kind to the transport.
func (x *rawCall) ApiKey() protocol.ApiKey { return x.key } //nolint:staticcheck // the transport calls it so

// Broker routes the request by the id that metadata.go knows.
func (x *rawCall) Broker(layout protocol.Cluster) (protocol.Broker, error) {
	return protocol.Broker{ID: x.broker}, nil
}

// Required makes the transport call RawExchange, and passes the negotiated version on.
func (x *rawCall) Required(versions map[protocol.ApiKey]int16) bool {
	x.version = versions[x.key]
	return true
}

// RawExchange writes the request and reads the answer.
func (x *rawCall) RawExchange(rw io.ReadWriter) (protocol.Message, error) {
	if !x.state.CompareAndSwap(callWaiting, callBegun) {
		return nil, context.Canceled
	}
	defer close(x.done)
	if err := x.write(rw, x.version); err != nil {
		return nil, err
	}
	return x, x.read(rw, x.version)
}

const correlation = 1

// do runs a call. ctx must have a deadline, or a silent broker would hold the connection for ever.
func (c *Cluster) do(ctx context.Context, x *rawCall) error {
	x.done = make(chan struct{})
	_, err := c.transport.RoundTrip(ctx, c.addr, x)
	if err != nil && !x.state.CompareAndSwap(callWaiting, callOff) && x.settle {
		<-x.done // soon: the connection has the deadline of ctx
	}
	return err
}

// call sends a message of kafka-go's own to one broker and returns the response.
func call[Res protocol.Message](ctx context.Context, c *Cluster, broker int32, req protocol.Message) (Res, error) {
	var res Res
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	err := c.do(ctx, &rawCall{
		key: req.ApiKey(), broker: broker,
		write: func(w io.Writer, version int16) error {
			return protocol.WriteRequest(w, version, correlation, c.cfg.ClientID, req)
		},
		read: func(r io.Reader, version int16) error {
			_, msg, err := protocol.ReadResponse(r, req.ApiKey(), version)
			if err != nil {
				return err
			}
			var ok bool
			if res, ok = msg.(Res); !ok {
				return fmt.Errorf("broker answered %T", msg)
			}
			return nil
		},
	})
	if err != nil {
		var none Res
		return none, kindOf(err)
	}
	return res, nil
}

// beginRequest appends a request header (version 1, for requests that are not "flexible") with room for the size.
func beginRequest(b []byte, key protocol.ApiKey, version int16, client string) []byte {
	b = append(b, 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(key))
	b = binary.BigEndian.AppendUint16(b, uint16(version))
	b = binary.BigEndian.AppendUint32(b, correlation)
	return appendString(b, client)
}

// endRequest fills in the size of a request that starts at b[0].
func endRequest(b []byte) { binary.BigEndian.PutUint32(b, uint32(len(b)-4)) }

func appendString(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(s)))
	return append(b, s...)
}

// readResponse reads one response whole and returns what follows its header. The bytes belong to the caller.
func readResponse(r io.Reader) ([]byte, error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	size := int64(binary.BigEndian.Uint32(head[:4])) - 4
	if size < 0 || size > maxResponse {
		return nil, fmt.Errorf("response of %d bytes; at most %d", size, maxResponse)
	}
	if binary.BigEndian.Uint32(head[4:]) != correlation {
		return nil, fmt.Errorf("response to another request")
	}
	body := make([]byte, size)
	_, err := io.ReadFull(r, body)
	return body, err
}

// cursor reads big-endian protocol fields. After the first field that does not fit, bad is set and all else is zero.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) take(n int) []byte {
	if n < 0 || n > len(c.b) {
		c.b, c.bad = nil, true
		return nil
	}
	v := c.b[:n:n]
	c.b = c.b[n:]
	return v
}

func (c *cursor) int16() int16 {
	if v := c.take(2); v != nil {
		return int16(binary.BigEndian.Uint16(v))
	}
	return 0
}

func (c *cursor) int32() int32 {
	if v := c.take(4); v != nil {
		return int32(binary.BigEndian.Uint32(v))
	}
	return 0
}

func (c *cursor) int64() int64 {
	if v := c.take(8); v != nil {
		return int64(binary.BigEndian.Uint64(v))
	}
	return 0
}

// str reads a string; null is empty.
func (c *cursor) str() string {
	n := c.int16()
	if n < 0 {
		return ""
	}
	return string(c.take(int(n)))
}

// count reads an array length of elements of at least size bytes each; null is zero.
func (c *cursor) count(size int) int {
	n := int(c.int32())
	if n > 0 && n > len(c.b)/size {
		c.b, c.bad = nil, true
		return 0
	}
	return max(n, 0)
}
