package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"datarun"
	pb "datarun/connectors/wire/proto"
)

// carry packs a batch and unpacks what comes out, as the two halves do.
func carry(t testing.TB, batch datarun.Batch) (pieces []datarun.Batch) {
	t.Helper()
	p := &packer{send: func(m *pb.Batch) error {
		if size := proto.Size(m); size > hardMessage {
			t.Errorf("message of %d bytes", size)
		}
		b, err := unpack(m)
		if err != nil {
			t.Error(err)
		}
		pieces = append(pieces, b)
		return nil
	}}
	if err := p.emit(batch); err != nil {
		t.Fatal(err)
	}
	return pieces
}

func rows(n, size int) []datarun.Record {
	records := make([]datarun.Record, n)
	for i := range records {
		records[i].Data = []byte(fmt.Sprintf(`{"id":%d,"pad":"%s"}`, i, strings.Repeat("x", size)))
	}
	return records
}

func TestCarry(t *testing.T) {
	fault := &datarun.Fault{Rule: datarun.RuleSyntax, Item: "name", Detail: "a quote is open", Where: "p.csv:17"}
	tests := map[string]struct {
		records []datarun.Record
		pieces  int
	}{
		"nothing but a position": {nil, 1},
		"upserts":                {rows(3, 10), 1},
		"a delete late":          {append(rows(3, 10), datarun.Record{Op: datarun.Delete, Data: []byte(`{"id":1}`)}), 1},
		"a delete first":         {append([]datarun.Record{{Op: datarun.Delete, Data: []byte(`{"id":1}`)}}, rows(3, 10)...), 1},
		"a fault":                {append(rows(2, 1), datarun.Record{Data: []byte(`"x"`), Fault: fault}), 1},
		"empty data":             {[]datarun.Record{{}, {Data: []byte("{}")}, {}}, 1},
		"many small":             {rows(200_000, 1), 6},
		"few large":              {rows(8, 400<<10), 4},
		"one of the largest":     {rows(1, datarun.MaxRecord-100), 1},
		"two of the largest":     {rows(2, datarun.MaxRecord-100), 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			pieces := carry(t, datarun.Batch{Records: tt.records, Position: datarun.Position("p")})
			if len(pieces) != tt.pieces {
				t.Errorf("%d pieces, want %d", len(pieces), tt.pieces)
			}
			var got []datarun.Record
			for i, piece := range pieces {
				got = append(got, piece.Records...)
				if last := i == len(pieces)-1; last != (string(piece.Position) == "p") || !last && piece.Position != nil {
					t.Errorf("piece %d has position %q", i, piece.Position)
				}
			}
			sameRecords(t, got, tt.records)
		})
	}
}

func sameRecords(t *testing.T, got, want []datarun.Record) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d records, want %d", len(got), len(want))
	}
	for i := range want {
		g, w := got[i], want[i]
		if g.Op != w.Op || !bytes.Equal(g.Data, w.Data) || (g.Fault == nil) != (w.Fault == nil) || g.Fault != nil && *g.Fault != *w.Fault {
			t.Fatalf("record %d differs", i)
		}
		if cap(g.Data) != len(g.Data) {
			t.Fatalf("record %d could be appended to over its neighbour", i)
		}
	}
}

func TestOversizedBecomesFault(t *testing.T) {
	big := datarun.Record{Data: []byte(`{"m":"` + strings.Repeat("猫", datarun.MaxRecord/3) + `"}`)}
	var got []datarun.Record
	for _, piece := range carry(t, datarun.Batch{Records: append(rows(1, 1), big, rows(1, 1)[0]), Position: datarun.Position("p")}) {
		got = append(got, piece.Records...)
	}
	if len(got) != 3 || got[0].Fault != nil || got[2].Fault != nil || got[1].Fault == nil || got[1].Fault.Rule != datarun.RuleSize {
		t.Fatalf("faults: %+v", got)
	}
	var raw string
	if err := json.Unmarshal(got[1].Data, &raw); err != nil || len(raw) > maxRaw || len(raw) < maxRaw-4 || !utf8.ValidString(raw) {
		t.Errorf("raw is %d bytes: %v", len(raw), err)
	}
	if strings.Contains(got[1].Fault.Detail, "猫") {
		t.Error("the detail repeats the value")
	}
}

// A batch where every record is at fault must split too: faults weigh more than the data they stand beside.
func TestFaultsAreWeighed(t *testing.T) {
	records := rows(20_000, 1)
	for i := range records {
		records[i].Fault = &datarun.Fault{Rule: datarun.RuleSyntax, Item: datarun.ItemName(strings.Repeat("项", 300)), Detail: strings.Repeat("d", 900), Where: "\xb3\xc7:1" + strings.Repeat("w", 2000)}
	}
	n := 0
	for _, piece := range carry(t, datarun.Batch{Records: records}) {
		n += len(piece.Records)
	}
	if n != len(records) {
		t.Errorf("%d records, want %d", n, len(records))
	}
}

func TestEmptyBatchIsNotSent(t *testing.T) {
	if pieces := carry(t, datarun.Batch{}); len(pieces) != 0 {
		t.Errorf("%d messages for nothing", len(pieces))
	}
}

func TestPositionOverLimit(t *testing.T) {
	p := &packer{send: func(*pb.Batch) error { t.Error("sent"); return nil }}
	if err := p.emit(datarun.Batch{Position: make([]byte, maxPosition+1)}); err == nil {
		t.Error("accepted")
	}
}

func TestMalformedIsCorrupt(t *testing.T) {
	tests := map[string]*pb.Batch{
		"sizes over data":  {Data: []byte("ab"), Sizes: []uint32{1, 2}},
		"sizes under data": {Data: []byte("ab"), Sizes: []uint32{1}},
		"size wraps":       {Data: []byte("ab"), Sizes: []uint32{1 << 31, 1 << 31, 2}},
		"ops short":        {Data: []byte("ab"), Sizes: []uint32{1, 1}, Ops: []byte{0}},
		"unknown op":       {Data: []byte("ab"), Sizes: []uint32{2}, Ops: []byte{9}},
		"fault of nobody":  {Data: []byte("ab"), Sizes: []uint32{2}, Faults: []*pb.Fault{{Index: 1}}},
		"too many":         {Sizes: make([]uint32, maxRecords+1)},
		"long position":    {Position: make([]byte, maxPosition+1)},
	}
	for name, m := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := unpack(m); datarun.KindOf(err) != datarun.Corrupt {
				t.Errorf("got %v", err)
			}
		})
	}
}

func FuzzUnpack(f *testing.F) {
	for _, m := range []*pb.Batch{
		{}, {Data: []byte("{}{}"), Sizes: []uint32{2, 2}, Ops: []byte{0, 1}, Position: []byte("p")},
		{Data: []byte("ab"), Sizes: []uint32{2}, Faults: []*pb.Fault{{Index: 0, Rule: "syntax"}}},
	} {
		b, _ := proto.Marshal(m)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var m pb.Batch
		if proto.Unmarshal(b, &m) != nil {
			return
		}
		batch, err := unpack(&m)
		if err != nil {
			return
		}
		var again []datarun.Record
		pieces := carry(t, batch)
		for _, piece := range pieces {
			again = append(again, piece.Records...)
		}
		if len(again) != len(batch.Records) {
			t.Fatalf("%d records became %d", len(batch.Records), len(again))
		}
	})
}
