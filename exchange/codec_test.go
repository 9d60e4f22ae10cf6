package exchange

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"datarun"
)

func goldenEnvelope() datarun.Envelope {
	return datarun.Envelope{
		Resource: "306001/000001", Key: "K1", ID: "7", Source: "connector/a/b", Schema: 3,
		Time: time.UnixMilli(1_790_000_000_123), Value: []byte(`{"k":"K1"}`),
	}
}

// readGolden returns the bytes of a file in testdata, made from got where DATARUN_GOLDEN=1 asks for it.
func readGolden(t *testing.T, name string, got []byte) []byte {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("DATARUN_GOLDEN") == "1" {
		if err := os.WriteFile(path, []byte(hex.Dump(got)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	for line := range strings.Lines(string(text)) {
		if len(line) < 60 {
			continue
		}
		b, err := hex.DecodeString(strings.ReplaceAll(line[10:58], " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b...)
	}
	return out
}

func TestGoldenBatch(t *testing.T) {
	var b batch
	var x eventEncoder
	b.reset(1_790_000_000_999)
	e := goldenEnvelope()
	add(&b, e.Key, true, e.Value, x.encode(&e))
	e.Op, e.Time = datarun.Delete, time.Time{}
	add(&b, e.Key, true, nil, x.encode(&e))
	out := b.finish(nil, None, producer{id: 42, epoch: 1, sequence: 5})

	want := readGolden(t, "batch.hex", out)
	if !bytes.Equal(out, want) {
		t.Errorf("batch differs from testdata/batch.hex:\n%s", hex.Dump(out))
	}

	r, err := decodeRun(out, 0, nil)
	if err != nil || len(r.messages) != 2 || r.next != 2 {
		t.Fatalf("decoded %d messages, next %d: %v", len(r.messages), r.next, err)
	}
	m := r.messages[0]
	if m.Offset != 0 || string(m.Key) != "K1" || string(m.Value) != `{"k":"K1"}` || m.Time.UnixMilli() != 1_790_000_000_999 {
		t.Errorf("first message %+v", m)
	}
	if m := r.messages[1]; m.Offset != 1 || m.Value != nil || string(m.Key) != "K1" {
		t.Errorf("tombstone %+v", m)
	}
}

func TestEventHeaders(t *testing.T) {
	var x eventEncoder
	e := goldenEnvelope()
	want := Event{
		SpecVersion: "1.0", ID: "7", Source: "connector/a/b", Type: TypeUpsert, Subject: "K1", Time: e.Time.UTC(),
		DataSchema: "/schema/306001.000001/3", ContentType: "application/json",
	}
	if got := parseEvent(x.encode(&e)); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	e.Op = datarun.Delete
	want.Type, want.ContentType = TypeDelete, ""
	if got := parseEvent(x.encode(&e)); !reflect.DeepEqual(got, want) {
		t.Errorf("delete: got %+v\nwant %+v", got, want)
	}
	for _, broken := range [][]byte{nil, {0}, {2}, {0xff}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}} {
		if got := parseEvent(broken); got != (Event{}) {
			t.Errorf("%x: %+v", broken, got)
		}
	}
	twice := appendHeader(appendHeader([]byte{4}, "ce_id", "a"), "ce_id", "b")
	if got := parseEvent(twice); got.ID != "b" {
		t.Errorf("of two ids %q counts", got.ID)
	}
}

func TestCompression(t *testing.T) {
	src := []byte(strings.Repeat("政务数据 synthetic ", 5000))
	for _, c := range []Compression{None, Snappy, LZ4, Zstd} {
		dst, attrs := c.compress([]byte("head"), src)
		if string(dst[:4]) != "head" {
			t.Fatalf("%s: what was there is gone", c)
		}
		if c == None {
			continue
		}
		got, err := inflate(attrs, dst[4:])
		if err != nil || !bytes.Equal(got, src) {
			t.Errorf("%s: %d bytes back, %v", c, len(got), err)
		}
		if len(dst) > len(src)/5 {
			t.Errorf("%s: %d of %d bytes", c, len(dst), len(src))
		}
	}
	if dst, attrs := Snappy.compress(nil, []byte("short")); attrs != codecNone || string(dst) != "short" {
		t.Error("a short batch is compressed")
	}
}

func TestBombIsRefused(t *testing.T) {
	bomb := make([]byte, maxInflated+1)
	for _, c := range []Compression{Snappy, LZ4, Zstd} {
		dst, attrs := c.compress(nil, bomb)
		if _, err := inflate(attrs, dst); err == nil {
			t.Errorf("%s: %d bytes became more than %d", c, len(dst), maxInflated)
		}
	}
}

// withAttrs makes a batch of one record at an offset, with attribute bits of a transaction.
func withAttrs(offset int64, pid int64, bits uint16, value string) []byte {
	var b batch
	b.reset(1)
	add(&b, "k", true, []byte(value), noHeaders)
	out := b.finish(nil, None, producer{id: pid})
	out[7] = byte(offset)
	out[batchAttrs+1] |= byte(bits)
	stamp(out, producer{id: pid})
	return out
}

func TestAbortedTransactionsAreNotSeen(t *testing.T) {
	log := bytes.Join([][]byte{
		withAttrs(0, 1, attrTransactional, "given up"),
		withAttrs(1, 2, attrTransactional, "kept"),
		withAttrs(2, 1, attrTransactional|attrControl, "marker"),
		withAttrs(3, 1, attrTransactional, "next transaction of the same producer"),
		withAttrs(4, -1, 0, "plain"),
	}, nil)
	r, err := decodeRun(log, 0, []aborted{{producer: 1, first: 0}})
	if err != nil || r.next != 5 {
		t.Fatal(r.next, err)
	}
	var got []string
	for _, m := range r.messages {
		got = append(got, string(m.Value))
	}
	if want := []string{"kept", "next transaction of the same producer", "plain"}; !reflect.DeepEqual(got, want) {
		t.Errorf("saw %q, want %q", got, want)
	}
}

func TestDecodeRun(t *testing.T) {
	one, two := withAttrs(5, -1, 0, "a"), withAttrs(6, -1, 0, "b")
	both := append(bytes.Clone(one), two...)
	if r, err := decodeRun(both, 6, nil); err != nil || len(r.messages) != 1 || r.messages[0].Offset != 6 {
		t.Errorf("from the middle: %+v %v", r, err)
	}
	if r, err := decodeRun(both[:len(both)-3], 5, nil); err != nil || len(r.messages) != 1 || r.next != 6 {
		t.Errorf("cut off at the end: %+v %v", r, err)
	}
	bad := bytes.Clone(both)
	bad[len(bad)-4] ^= 1
	if r, err := decodeRun(bad, 5, nil); err == nil || len(r.messages) != 1 || r.next != 6 {
		t.Errorf("flipped bit: %+v %v", r, err)
	}
}

func FuzzDecodeRun(f *testing.F) {
	f.Add(withAttrs(5, -1, 0, "a"), int64(0))
	snappy := func() []byte {
		var b batch
		b.reset(1)
		for range 50 {
			add(&b, "k", true, []byte(`{"a":"bbbbbbbbbbbbbbb"}`), noHeaders)
		}
		return b.finish(nil, Snappy, producer{})
	}()
	f.Add(snappy, int64(3))
	f.Fuzz(func(t *testing.T, data []byte, from int64) {
		if len(data) >= batchHead { // let the rest be looked at
			n := 12 + int(int32(uint32(data[8])<<24|uint32(data[9])<<16|uint32(data[10])<<8|uint32(data[11])))
			if n >= batchHead && n <= len(data) {
				data = bytes.Clone(data)
				binary.BigEndian.PutUint32(data[batchCRC:], crc32.Checksum(data[batchAttrs:n], castagnoli))
			}
		}
		r, err := decodeRun(data, from, []aborted{{producer: 1}})
		for _, m := range r.messages {
			if m.Offset < from {
				t.Fatalf("offset %d before %d", m.Offset, from)
			}
		}
		if err == nil && r.next < from {
			t.Fatalf("goes back to %d from %d", r.next, from)
		}
	})
}

func FuzzParseEvent(f *testing.F) {
	var x eventEncoder
	e := goldenEnvelope()
	f.Add(x.encode(&e))
	f.Add([]byte{4, 2, 'a', 1})
	f.Fuzz(func(t *testing.T, block []byte) { parseEvent(block) })
}

func FuzzResponses(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 0, 1, 't', 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, int16(8))
	f.Fuzz(func(t *testing.T, body []byte, version int16) {
		_, _, _, _ = parseProduce(body, version)
		_, _ = parseFetch(body, version)
	})
}
