package restapi

import (
	"context"
	"fmt"
	"hash/maphash"
	"net/url"
	"time"

	"datarun"
	"datarun/connectors"
)

// A batch is emitted when it holds so many records or bytes; a page may make several.
const (
	batchRecords = 8192
	batchBytes   = 1 << 20
)

// run is one Read.
type run struct {
	ctx        context.Context
	source     *source
	client     *client
	stream     connectors.Stream
	options    *options
	target     *url.URL
	projection *projection
	emit       func(datarun.Batch) error

	mark     mark
	known    map[uint64]struct{} // mode since: records of the last round, unchanged if met again
	met      map[uint64]struct{} // mode since: records of this round
	news     bool                // mode since: this round emitted records
	position datarun.Position    // last emitted, or where the read began
}

// Read implements connectors.Source.
func (s *source) Read(ctx context.Context, stream connectors.Stream, position datarun.Position, emit func(datarun.Batch) error) error {
	r, err := s.run(ctx, stream, position)
	if err != nil {
		return err
	}
	r.emit = emit
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.options.Mode == modeSince {
		return r.since()
	}
	return r.listing()
}

func (s *source) run(ctx context.Context, stream connectors.Stream, position datarun.Position) (*run, error) {
	o, err := readOptions(stream)
	if err != nil {
		return nil, err
	}
	target, err := s.settings.target(stream.Object)
	if err != nil {
		return nil, err
	}
	m, err := decodeMark(position, o.Mode)
	if err != nil {
		return nil, err
	}
	c, err := s.client()
	if err != nil {
		return nil, err
	}
	return &run{
		ctx: ctx, source: s, client: c, stream: stream, options: o, target: target, mark: m, position: position,
		projection: newProjection(stream, o, s.settings.Zone),
	}, nil
}

// listing reads everything, from where the position stands, unless it was read whole less than full_every ago.
func (r *run) listing() error {
	if r.mark.Round == nil {
		due := time.UnixMilli(r.mark.Ended).Add(time.Duration(r.options.FullEvery))
		if r.mark.Ended != 0 && time.Now().Before(due) {
			return nil
		}
		r.mark.Round = &round{Page: r.options.First}
	}
	following := r.options.Follow && r.options.Mode == modeCursor
	for {
		from := *r.mark.Round
		p, err := r.fetch(&from)
		if err != nil {
			return err
		}
		tail := len(p.next) == 0 || string(p.next) == string(from.Cursor)
		if following && from.Pages == 0 && p.digest == from.Digest && tail {
			return nil // the tail that was read before, and no more
		}
		last, err := r.step(p)
		if err != nil {
			return err
		}
		start := r.mark
		start.Round = &from
		switch {
		case last && following:
			r.mark.Round.Pages = 0
			if len(r.mark.Round.Cursor) == 0 {
				r.mark.Round.Cursor = from.Cursor
			}
		case last:
			r.mark.Round, r.mark.Ended = nil, time.Now().UnixMilli()
		}
		if err := r.page(p, from.Pages+1, &start); err != nil || last {
			return err
		}
	}
}

// place names the page that a round asks for next.
func (r *run) place(at *round) string {
	return fmt.Sprintf("restapi: stream %s: page %d", r.stream.Name, at.Pages+1)
}

// fetch gets the page that at is before.
func (r *run) fetch(at *round) (*page, error) {
	place := r.place(at)
	if at.Pages >= r.options.MaxPages {
		return nil, datarun.Errorf(datarun.Invalid, place, "the listing does not end: max_pages is %d", r.options.MaxPages)
	}
	target, body, err := r.options.request(r.target, at)
	if err != nil {
		return nil, err
	}
	answer, err := r.client.get(r.ctx, place, r.options.Method, target, body)
	if err != nil {
		return nil, err
	}
	p, err := parsePage(place, answer, r.options)
	if err != nil {
		return nil, err
	}
	if len(p.next) > maxToken {
		return nil, datarun.Errorf(datarun.Invalid, place, "the token of the next page has %d bytes, at most %d are carried", len(p.next), maxToken)
	}
	return p, nil
}

// step moves the round behind page p and tells whether it was the last one.
func (r *run) step(p *page) (last bool, err error) {
	at, o := r.mark.Round, r.options
	place := r.place(at)
	if len(p.records) > 0 && at.Pages > 0 && p.digest == at.Digest {
		return false, datarun.Errorf(datarun.Invalid, place,
			"repeats the page before it: the service ignores the paging parameter, or answers with its last page beyond the end (then set end to short)")
	}
	next := round{Pages: at.Pages + 1, Page: at.Page + 1, Offset: at.Offset + int64(len(p.records)), Digest: p.digest, Asked: at.Asked, Latest: at.Latest}
	end := len(p.records) == 0 || (o.End == "short" && len(p.records) < o.Size)
	switch o.within {
	case modeCursor:
		next.Cursor = p.next
		repeated := len(p.next) > 0 && string(p.next) == string(at.Cursor)
		if repeated && !o.Follow && len(p.records) > 0 {
			return false, datarun.Errorf(datarun.Invalid, place, "its token for the next page is the one it was asked with: the service ignores the token")
		}
		end = len(p.next) == 0 || repeated || (o.Follow && len(p.records) == 0)
	case modeSingle, "":
		end = true
	}
	if o.within != modePage {
		next.Page = 0
	}
	r.mark.Round = &next
	return end, nil
}

// page emits a page's records, the last batch with the position behind it and the ones before, if there is more than
// one, with the position before the page: a service may have moved its records when it is asked again.
func (r *run) page(p *page, number int64, before *mark) error {
	start, err := before.encode()
	if err != nil {
		return err
	}
	var records []datarun.Record
	arena := make([]byte, 0, r.room(p))
	for i, element := range p.records {
		if r.unchanged(element) {
			continue
		}
		at := len(arena)
		var fault *datarun.Fault
		if arena, fault = r.projection.append(arena, element); fault != nil {
			fault.Where = fmt.Sprintf("page %d row %d", number, i+1)
		}
		records = append(records, datarun.Record{Op: datarun.Upsert, Data: arena[at:len(arena):len(arena)], Fault: fault})
		if len(records) >= batchRecords || len(arena) >= batchBytes {
			if i == len(p.records)-1 {
				break
			}
			if err := r.send(records, start); err != nil {
				return err
			}
			records, arena = nil, make([]byte, 0, batchBytes+batchBytes/8)
		}
	}
	after, err := r.mark.encode()
	if err != nil {
		return err
	}
	midway := r.options.Mode == modeSince && r.mark.Round != nil
	if len(records) == 0 && (midway || string(after) == string(r.position)) {
		return nil // a poll that finds nothing new leaves no trace
	}
	return r.send(records, after)
}

func (r *run) send(records []datarun.Record, position datarun.Position) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	r.position = position
	r.news = r.news || len(records) > 0
	return r.emit(datarun.Batch{Records: records, Position: position})
}

// room is how much memory a page's first batch needs.
func (r *run) room(p *page) int {
	total := 0
	for _, element := range p.records {
		if total += len(element) + 64; total > batchBytes {
			return batchBytes + batchBytes/8
		}
	}
	return total
}

// unchanged reports, in mode since, that the last round had this very record already.
func (r *run) unchanged(element []byte) bool {
	if r.options.Mode != modeSince {
		return false
	}
	sum := maphash.Bytes(r.source.seed, element)
	if len(r.met) < maxMemory {
		r.met[sum] = struct{}{}
	}
	_, known := r.known[sum]
	return known
}

// anyNews reports that a page has a record that the last round had not.
func (r *run) anyNews(p *page) bool {
	for _, element := range p.records {
		if _, known := r.known[maphash.Bytes(r.source.seed, element)]; !known {
			return true
		}
	}
	return false
}
