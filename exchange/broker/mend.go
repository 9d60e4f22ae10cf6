package broker

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"datarun"
)

// mend prepares a data directory that was not closed in order. kfake keeps a snapshot.json beside each partition's
// segments, written at the end only; where it does not fit, kfake replays the partition with all its records in memory
// at once, which a large log does not survive. So a fitting snapshot is written here, reading one batch at a time, and
// a torn batch at the very end, which nobody was told was written, is cut off.
//
// Every checksum is looked at, also after an orderly end: where one is wrong, kfake would cut off all that follows.
func mend(data string, log *slog.Logger) error {
	dirs, err := os.ReadDir(filepath.Join(data, "partitions"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return datarun.Errorf(datarun.Unavailable, "broker: mend", "%w", err)
	}
	for _, d := range dirs {
		p := partition{dir: filepath.Join(data, "partitions", d.Name()), log: log}
		if err := p.mend(); err != nil {
			return datarun.Wrap("broker: mend "+d.Name(), err)
		}
	}
	return nil
}

// snapshot is the form of kfake's snapshot.json, version 1.
type snapshot struct {
	Version          int               `json:"version"`
	HighWatermark    int64             `json:"high_watermark"`
	LastStableOffset int64             `json:"last_stable_offset"`
	LogStartOffset   int64             `json:"log_start_offset"`
	Epoch            int32             `json:"epoch"`
	MaxTimestamp     int64             `json:"max_timestamp"`
	CreatedAt        time.Time         `json:"created_at"`
	AbortedTxns      []json.RawMessage `json:"aborted_txns,omitempty"`
	Segments         []segment         `json:"segments"`
}

type segment struct {
	BaseOffset int64 `json:"base_offset"`
	Size       int64 `json:"size"`
}

// partition is one partition's directory.
type partition struct {
	dir  string
	log  *slog.Logger
	snap snapshot
	txns bool // a transaction was seen; kfake must replay those itself
}

func (p *partition) mend() error {
	bases, err := p.segments()
	if err != nil || len(bases) == 0 {
		return err
	}
	old, fits := p.stored(bases)
	p.snap = snapshot{Version: 1, LogStartOffset: -1, CreatedAt: old.CreatedAt, Epoch: old.Epoch, MaxTimestamp: old.MaxTimestamp}
	for i, base := range bases {
		if err := p.scan(base, i == len(bases)-1 && !fits); err != nil {
			return err
		}
	}
	if fits || p.txns || len(old.AbortedTxns) > 0 || p.snap.LogStartOffset < 0 {
		return nil
	}
	// What was deleted from the front and not yet from the files stays deleted, if it was known.
	p.snap.LogStartOffset = max(p.snap.LogStartOffset, old.LogStartOffset)
	p.snap.LastStableOffset = p.snap.HighWatermark
	return p.write()
}

// segments returns the base offsets of the segment files, in order.
func (p *partition) segments() ([]int64, error) {
	files, err := os.ReadDir(p.dir)
	if err != nil {
		return nil, datarun.Errorf(datarun.Unavailable, "", "%w", err)
	}
	var bases []int64
	for _, f := range files {
		if name, ok := strings.CutSuffix(f.Name(), ".dat"); ok {
			if base, err := strconv.ParseInt(name, 10, 64); err == nil {
				bases = append(bases, base)
			}
		}
	}
	slices.Sort(bases)
	return bases, nil
}

// stored reads the snapshot that is there and reports whether it fits the segments.
func (p *partition) stored(bases []int64) (snapshot, bool) {
	var s snapshot
	b, err := os.ReadFile(filepath.Join(p.dir, "snapshot.json"))
	if err != nil || json.Unmarshal(b, &s) != nil || s.Version != 1 {
		return snapshot{}, false
	}
	if len(s.Segments) != len(bases) {
		return s, false
	}
	for i, seg := range s.Segments {
		info, err := os.Stat(p.path(seg.BaseOffset))
		if err != nil || seg.BaseOffset != bases[i] || info.Size() != seg.Size {
			return s, false
		}
	}
	return s, true
}

func (p *partition) path(base int64) string {
	return filepath.Join(p.dir, strconv.FormatInt(base, 10)+".dat")
}

// batchHead is the length of a record batch up to its records.
const batchHead = 61

// maxBatch is more than a broker of this package takes in.
const maxBatch = 64 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// scan walks the batches of a segment. Where the segment may be torn, a batch at its end that is cut off or does not add
// up is removed; anywhere else it is Corrupt.
func (p *partition) scan(base int64, torn bool) error {
	f, err := os.OpenFile(p.path(base), os.O_RDWR, 0)
	if err != nil {
		return datarun.Errorf(datarun.Unavailable, "", "%w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return datarun.Errorf(datarun.Unavailable, "", "%w", err)
	}
	good, err := p.batches(f)
	if err != nil {
		return datarun.Errorf(datarun.Unavailable, "", "%w", err)
	}
	if good < info.Size() {
		// Every batch is on disk before the next is begun, so only the very last one can be torn.
		more, err := p.goesOn(io.NewSectionReader(f, good, info.Size()-good))
		if err != nil {
			return datarun.Errorf(datarun.Unavailable, "", "%w", err)
		}
		if !torn || more {
			return datarun.Errorf(datarun.Corrupt, "", "segment %d does not add up at byte %d of %d", base, good, info.Size())
		}
		p.log.Warn("broker: cutting off a batch that was not written whole", "segment", p.path(base), "bytes", info.Size()-good)
		if err := errors.Join(f.Truncate(good), f.Sync()); err != nil {
			return datarun.Errorf(datarun.Unavailable, "", "%w", err)
		}
	}
	p.snap.Segments = append(p.snap.Segments, segment{BaseOffset: base, Size: good})
	return nil
}

// batches reads a segment to its end and returns how many bytes of it are whole batches that follow one another.
func (p *partition) batches(f io.Reader) (good int64, err error) {
	var buf []byte
	for {
		buf = slices.Grow(buf[:0], batchHead)[:batchHead]
		if _, err := io.ReadFull(f, buf); err != nil {
			return good, ending(err)
		}
		size := batchSize(buf)
		if size < 0 {
			return good, nil
		}
		buf = slices.Grow(buf, size-batchHead)[:size]
		if _, err := io.ReadFull(f, buf[batchHead:]); err != nil {
			return good, ending(err)
		}
		first := int64(binary.BigEndian.Uint64(buf))
		if !whole(buf) || p.snap.LogStartOffset >= 0 && first != p.snap.HighWatermark {
			return good, nil
		}
		p.note(buf)
		good += int64(size)
	}
}

// batchSize returns the length of the batch that b begins with, -1 when it is none.
func batchSize(b []byte) int {
	size := 12 + int(int32(binary.BigEndian.Uint32(b[8:])))
	if size < batchHead || size > maxBatch || b[16] != 2 {
		return -1
	}
	return size
}

func whole(batch []byte) bool {
	return crc32.Checksum(batch[21:], castagnoli) == binary.BigEndian.Uint32(batch[17:])
}

// goesOn reports whether there is a whole batch somewhere behind the one that does not add up, at the front of r.
func (p *partition) goesOn(r io.Reader) (bool, error) {
	b, err := io.ReadAll(r)
	for i := 1; i+batchHead <= len(b); i++ {
		if size := batchSize(b[i:]); size > 0 && i+size <= len(b) && whole(b[i:i+size]) {
			return true, err
		}
	}
	return false, err
}

// ending makes an ordinary end of what only ran out.
func ending(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

func (p *partition) note(batch []byte) {
	first := int64(binary.BigEndian.Uint64(batch))
	if p.snap.LogStartOffset < 0 {
		p.snap.LogStartOffset = first
	}
	p.snap.HighWatermark = first + int64(int32(binary.BigEndian.Uint32(batch[23:]))) + 1
	p.snap.Epoch = max(p.snap.Epoch, int32(binary.BigEndian.Uint32(batch[12:])))
	p.snap.MaxTimestamp = max(p.snap.MaxTimestamp, int64(binary.BigEndian.Uint64(batch[35:])))
	p.txns = p.txns || binary.BigEndian.Uint16(batch[21:])&0x30 != 0
}

func (p *partition) write() error {
	b, err := json.Marshal(&p.snap)
	if err != nil {
		return datarun.Errorf(datarun.Internal, "", "%w", err)
	}
	path := filepath.Join(p.dir, "snapshot.json")
	if err := os.WriteFile(path+".tmp", b, 0o600); err != nil {
		return datarun.Errorf(datarun.Unavailable, "", "%w", err)
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		return datarun.Errorf(datarun.Unavailable, "", "%w", err)
	}
	return nil
}
