package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"time"

	"datarun"
	"datarun/connectors"
)

// A batch is emitted when it holds so many records or bytes.
const (
	batchRecords = 8192
	batchBytes   = 1 << 20
)

// ackWait is how long a read with as many files to be moved as a position can name waits for an ack.
const ackWait = 5 * time.Second

// run is one Read.
type run struct {
	ctx     context.Context
	source  *source
	state   *state
	folder  *folder
	stream  connectors.Stream
	options options
	emit    func(datarun.Batch) error

	resume  *reading // file to go on with, from the position
	current *reading // file being read
	done    []ended  // read to the end, not yet moved
	weight  int      // of done in a position
	records []datarun.Record
	arena   []byte // the records' data
	dirty   bool   // the position moved since the last batch
}

// Read implements connectors.Source.
func (s *source) Read(ctx context.Context, stream connectors.Stream, position datarun.Position, emit func(datarun.Batch) error) error {
	o, err := readOptions(stream)
	if err != nil {
		return err
	}
	if err := checkPattern(stream.Object); err != nil {
		return err
	}
	m, err := decodeMark(position)
	if err != nil {
		return err
	}
	f, err := openFolder(&s.settings)
	if err != nil {
		return err
	}
	defer f.Close()
	r := &run{ctx: ctx, source: s, state: s.state(stream.Name), folder: f, stream: stream, options: o, emit: emit, resume: m.File}
	s.mu.Lock()
	clear(r.state.moved)
	s.mu.Unlock()
	for _, e := range m.Done {
		if f.same(e.identity) {
			r.done, r.weight = append(r.done, e), r.weight+e.weight()
		}
	}
	if err := r.all(); err != nil {
		if isCancel(err) && ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
	return nil
}

// all reads every file that is ready, until there is none.
func (r *run) all() error {
	for waited := false; ; {
		ready, pause, err := r.ready()
		if err != nil {
			return err
		}
		if pause > 0 && !waited {
			waited = true
			if err := r.sleep(pause); err != nil {
				return err
			}
			continue
		}
		waited = false
		if len(ready) == 0 {
			return r.finish()
		}
		for _, id := range ready {
			full, err := r.full()
			if err != nil {
				return err
			}
			if full {
				return r.finish()
			}
			if err := r.file(id); err != nil {
				return err
			}
		}
	}
}

// ready lists the files to read now, in order, and how long the newest of the others has to stay unchanged before it
// may be taken; zero when there are no others.
func (r *run) ready() (files []identity, pause time.Duration, err error) {
	found, err := r.folder.scan(r.stream.Object)
	if err != nil {
		return nil, 0, err
	}
	past := make(map[identity]bool, len(r.done))
	for _, e := range r.done {
		past[e.identity] = true
	}
	now := time.Now()
	settle := time.Duration(r.source.settings.Settle)
	seen := make(map[fileName]sighting, len(found))
	for _, id := range found {
		if past[id] {
			continue
		}
		s := r.state.seen[id.Name] // read by this goroutine only
		if s.identity != id {
			s = sighting{id, now}
		}
		seen[id.Name] = s
		resumed := r.resume != nil && r.resume.identity == id
		switch rest := settle - now.Sub(s.since); {
		case resumed:
			files = append([]identity{id}, files...) // it was ready before
		case rest > 0:
			pause = max(pause, rest)
		default:
			files = append(files, id)
		}
	}
	r.state.seen = seen
	return files, pause, nil
}

// sleep emits what there is and waits.
func (r *run) sleep(pause time.Duration) error {
	if err := r.flush(false); err != nil {
		return err
	}
	select {
	case <-r.ctx.Done():
		return r.ctx.Err()
	case <-time.After(pause):
		return nil
	}
}

// full reports that no more files fit a position: it emits what there is and waits for an ack first.
func (r *run) full() (bool, error) {
	if r.weight < maxDone {
		return false, nil
	}
	if err := r.flush(false); err != nil {
		return false, err
	}
	timeout := time.After(ackWait)
	for {
		r.forgetMoved()
		if r.weight < maxDone {
			return false, nil
		}
		select {
		case <-r.ctx.Done():
			return false, r.ctx.Err()
		case <-r.state.acked:
		case <-timeout:
			return true, nil
		}
	}
}

// forgetMoved drops the files that acks have put away.
func (r *run) forgetMoved() {
	r.source.mu.Lock()
	defer r.source.mu.Unlock()
	kept := r.done[:0]
	r.weight = 0
	for _, e := range r.done {
		if r.state.moved[e.identity] {
			delete(r.state.moved, e.identity)
			continue
		}
		kept, r.weight = append(kept, e), r.weight+e.weight()
	}
	r.done = kept
}

// file reads one file. When it fails, what came before the file is emitted all the same: a file that fails every time
// must not keep the others back.
func (r *run) file(id identity) error {
	before := len(r.records)
	emitted, err := r.readFile(id)
	r.resume = nil
	var whole *broken
	if errors.As(err, &whole) {
		r.add(append(r.arena, `""`...), len(r.arena), &whole.fault)
		err = nil
	}
	if err != nil {
		r.current = nil
		if emitted || before == 0 || isCancel(err) {
			return err
		}
		r.records = r.records[:before]
		if failed := r.flush(true); failed != nil {
			return failed
		}
		return err
	}
	e := ended{identity: id, Failed: whole != nil}
	r.current, r.done, r.weight, r.dirty = nil, append(r.done, e), r.weight+e.weight(), true
	return nil
}

// readFile reads a file to its end. emitted tells that a batch with records of it, and all before it, went out.
func (r *run) readFile(id identity) (emitted bool, err error) {
	opened, err := r.folder.Open(string(id.Name))
	if err != nil {
		return false, r.gone(id, err)
	}
	defer opened.Close()
	at := &reading{identity: id}
	if at.Head, err = headDigest(opened); err != nil {
		return false, unavailable("files: read", err)
	}
	if r.resume != nil && r.resume.identity == id && r.resume.Head == at.Head {
		at = r.resume
	}
	in := &input{
		name: id.Name.String(), file: opened, size: id.Size, stream: r.stream, options: r.options,
		zone: r.source.settings.Zone, limit: int(r.source.settings.MaxLine),
	}
	from, err := newReader(r.ctx, in, at.Offset, at.Row)
	for err == nil {
		start := len(r.arena)
		var fault *datarun.Fault
		var data []byte
		if data, fault, err = from.next(r.arena); err != nil {
			break
		}
		r.add(data, start, fault)
		if len(r.records) >= batchRecords || len(r.arena) >= batchBytes {
			at.Offset, at.Row = from.place()
			r.current = at
			if err = r.unchanged(opened, id); err != nil {
				return emitted, err
			}
			if err = r.flush(true); err != nil {
				return true, err // the hub's own error, as it is
			}
			emitted = true
		}
	}
	if changed := r.unchanged(opened, id); changed != nil && !isCancel(err) {
		return emitted, changed // whatever else went wrong, this is why
	}
	if err == io.EOF {
		return emitted, nil
	}
	var place *os.PathError
	if errors.As(err, &place) {
		return emitted, unavailable("files: read", err)
	}
	return emitted, err
}

func (r *run) gone(id identity, err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return datarun.Errorf(datarun.Conflict, "files: read", "%s: moved away before it was read", id.Name)
	}
	return unavailable("files: read", err)
}

// unchanged is an error when the open file, or what stands under its name, is not what was listed.
func (r *run) unchanged(opened *os.File, id identity) error {
	info, err := opened.Stat()
	if err == nil && identityOf(id.Name, info) == id {
		if named, err := r.folder.Lstat(string(id.Name)); err == nil && os.SameFile(info, named) {
			return nil
		}
	}
	return datarun.Errorf(datarun.Conflict, "files: read", "%s: changed while it was being read; it will be read again from its start", id.Name)
}

func headDigest(f io.ReaderAt) (string, error) {
	head := make([]byte, 4096)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return "", err
	}
	sum := sha256.Sum256(head[:n])
	return hex.EncodeToString(sum[:8]), nil
}
