package files

import (
	"datarun"
)

// add takes a record whose data is arena[start:], where arena is r.arena grown.
func (r *run) add(arena []byte, start int, fault *datarun.Fault) {
	r.arena = arena
	r.records = append(r.records, datarun.Record{Op: datarun.Upsert, Data: arena[start:len(arena):len(arena)], Fault: fault})
}

// flush emits the records and the position; unless force, only if there is something new in either. The batch belongs
// to the hub then, so the next one gets memory of its own.
func (r *run) flush(force bool) error {
	if len(r.records) == 0 && !r.dirty && !force {
		return nil
	}
	if err := r.ctx.Err(); err != nil {
		return err
	}
	r.forgetMoved()
	m := mark{File: r.current, Done: r.done}
	position, err := m.encode()
	if err != nil {
		return err
	}
	batch := datarun.Batch{Records: r.records, Position: position}
	records, bytes := len(r.records), len(r.arena)
	r.records, r.arena, r.dirty = nil, nil, false
	if records >= batchRecords/2 || bytes >= batchBytes/2 { // there is more of the same to come
		r.records = make([]datarun.Record, 0, min(batchRecords, records+records/8))
		r.arena = make([]byte, 0, batchBytes+batchBytes/8)
	}
	r.source.mu.Lock()
	for _, e := range r.done { // before emit: the ack may come within it
		r.state.offered[e.identity] = true
	}
	r.source.mu.Unlock()
	return r.emit(batch)
}

// finish emits what is left. Files that were read by an earlier process, or whose move failed, are offered to the hub
// once more by an empty batch, so that it acks and they are moved.
func (r *run) finish() error {
	r.forgetMoved()
	r.source.mu.Lock()
	again := false
	for _, e := range r.done {
		again = again || !r.state.offered[e.identity]
	}
	r.source.mu.Unlock()
	return r.flush(again)
}
