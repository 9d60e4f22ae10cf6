package exchange

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"datarun"
)

// Compression is how record batches are compressed.
type Compression string

// The compressions.
const (
	None   Compression = "none"
	Snappy Compression = "snappy"
	LZ4    Compression = "lz4"
	Zstd   Compression = "zstd"
)

// DefaultCompression is used where none is set: what it saves in bytes written, read and checksummed is worth more than
// it costs on a machine that runs hub and broker together. DESIGN.md has the figures.
const DefaultCompression = Snappy

// Validate reports an Invalid error for an unknown name. Empty is valid and means the default.
func (c Compression) Validate() error {
	switch c {
	case "", None, Snappy, LZ4, Zstd:
		return nil
	}
	return datarun.Errorf(datarun.Invalid, "compression", "unknown %q; known: none, snappy, lz4, zstd", string(c))
}

// The codec numbers of the protocol.
const (
	codecNone = iota
	codecGzip
	codecSnappy
	codecLZ4
	codecZstd
)

// minCompress is the size below which compressing cannot win back its overhead.
const minCompress = 256

// maxInflated bounds what one batch may decompress to, against a foreign client's bomb.
const maxInflated = 64 << 20

var (
	zstdWriter = sync.OnceValue(func() *zstd.Encoder {
		w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2))
		if err != nil {
			panic(err) // the options are constants
		}
		return w
	})
	zstdReader = sync.OnceValue(func() *zstd.Decoder {
		r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxMemory(maxInflated))
		if err != nil {
			panic(err) // the options are constants
		}
		return r
	})
	lz4Writers = sync.Pool{New: func() any {
		w := lz4.NewWriter(nil)
		_ = w.Apply(lz4.BlockSizeOption(lz4.Block256Kb), lz4.ChecksumOption(false))
		return w
	}}
)

// compress appends src to dst, compressed where that makes it smaller, and returns the attribute bits that say how.
func (c Compression) compress(dst, src []byte) ([]byte, uint16) {
	start := len(dst)
	var attrs uint16
	if len(src) >= minCompress {
		switch c {
		case Snappy:
			dst, attrs = appendSnappy(dst, src), codecSnappy
		case LZ4:
			dst, attrs = appendLZ4(dst, src), codecLZ4
		case Zstd:
			dst, attrs = zstdWriter().EncodeAll(src, dst), codecZstd
		}
	}
	if attrs == 0 || len(dst)-start >= len(src) {
		return append(dst[:start], src...), codecNone
	}
	return dst, attrs
}

func appendSnappy(dst, src []byte) []byte {
	start := len(dst)
	need := s2.MaxEncodedLen(len(src))
	if cap(dst)-start < need {
		dst = append(make([]byte, 0, start+need), dst...)
	}
	out := s2.EncodeSnappy(dst[start:start+need:start+need], src)
	return dst[:start+len(out)]
}

func appendLZ4(dst, src []byte) []byte {
	w := lz4Writers.Get().(*lz4.Writer)
	defer lz4Writers.Put(w)
	out := bytes.NewBuffer(dst)
	w.Reset(out)
	_, _ = w.Write(src) // a bytes.Buffer takes everything
	_ = w.Close()
	return out.Bytes()
}

var errInflated = fmt.Errorf("decompresses to more than %d bytes", maxInflated)

// inflate returns the decompressed records of a batch in memory of its own.
func inflate(codec uint16, src []byte) ([]byte, error) {
	switch codec {
	case codecGzip:
		r, err := gzip.NewReader(bytes.NewReader(src))
		if err != nil {
			return nil, err
		}
		return readBounded(r, len(src))
	case codecSnappy:
		return inflateSnappy(src)
	case codecLZ4:
		return readBounded(lz4.NewReader(bytes.NewReader(src)), len(src))
	case codecZstd:
		out, err := zstdReader().DecodeAll(src, nil)
		if err == nil && len(out) > maxInflated {
			err = errInflated
		}
		return out, err
	}
	return nil, fmt.Errorf("unknown compression %d", codec)
}

func readBounded(r io.Reader, hint int) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(min(4*hint, 4<<20))
	n, err := out.ReadFrom(io.LimitReader(r, maxInflated+1))
	if err == nil && n > maxInflated {
		err = errInflated
	}
	return out.Bytes(), err
}

// xerial is the magic of the framing that Java and kafka-go put around snappy blocks; other clients write a bare block.
var xerial = []byte{0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0}

func inflateSnappy(src []byte) ([]byte, error) {
	if !bytes.HasPrefix(src, xerial) {
		n, err := s2.DecodedLen(src)
		if err != nil || n > maxInflated {
			return nil, errors.Join(err, errInflated)
		}
		return s2.Decode(make([]byte, n), src)
	}
	blocks, total := src[min(16, len(src)):], 0
	for rest := blocks; len(rest) > 0; {
		block, next, err := xerialBlock(rest)
		if err != nil {
			return nil, err
		}
		n, err := s2.DecodedLen(block)
		if err != nil {
			return nil, err
		}
		if total += n; total > maxInflated {
			return nil, errInflated
		}
		rest = next
	}
	out := make([]byte, total)
	for at := 0; len(blocks) > 0; {
		block, next, _ := xerialBlock(blocks) // walked above
		n, _ := s2.DecodedLen(block)
		if _, err := s2.Decode(out[at:at+n], block); err != nil {
			return nil, err
		}
		at, blocks = at+n, next
	}
	return out, nil
}

func xerialBlock(b []byte) (block, rest []byte, err error) {
	if len(b) < 4 || uint64(binary.BigEndian.Uint32(b)) > uint64(len(b)-4) {
		return nil, nil, io.ErrUnexpectedEOF
	}
	n := 4 + int(binary.BigEndian.Uint32(b))
	return b[4:n], b[n:], nil
}
