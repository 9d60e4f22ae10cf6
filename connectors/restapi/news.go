package restapi

import (
	"time"

	"datarun"
)

// since asks for what is new, from the largest value seen less the overlap, until the answer has no more.
func (r *run) since() error {
	o := r.options
	r.known, r.met = r.source.recall(r.stream.Name, r.position), make(map[uint64]struct{})
	if r.mark.Round == nil {
		seen := r.mark.Since
		r.mark.Round = &round{Page: o.First, Latest: seen, Asked: o.overlapped(seen)}
		if seen == "" {
			r.mark.Round.Asked, r.mark.Round.Latest = o.SinceStart, o.SinceStart
		}
	}
	for {
		from := *r.mark.Round
		p, err := r.fetch(&from)
		if err != nil {
			return err
		}
		last, err := r.sinceStep(p, &from)
		if err != nil {
			return err
		}
		start := r.mark
		start.Round = &from
		if last {
			r.mark.Since, r.mark.Round = r.mark.Round.Latest, nil
			if r.news || r.anyNews(p) {
				r.mark.News++ // what is remembered for a position must have been emitted before it
			}
		}
		if err := r.page(p, from.Pages+1, &start); err != nil {
			return err
		}
		if last {
			r.source.remember(r.stream.Name, r.position, r.met)
			return nil
		}
	}
}

// sinceStep moves the round behind page p. Where answers are paged, the round ends with their last page; where they are
// not, the next request asks from the largest value seen, until that brings nothing later.
func (r *run) sinceStep(p *page, from *round) (last bool, err error) {
	o := r.options
	place := r.place(from)
	latest, none := o.latest(p.records, from.Latest, time.Now())
	if none {
		return false, datarun.Errorf(datarun.Invalid, place, "no record has a %s at since_item %q", o.SinceAs, o.SinceItem)
	}
	if o.within != "" {
		if last, err = r.step(p); err == nil {
			r.mark.Round.Latest = latest
		}
		return last, err
	}
	top, _ := o.latest(p.records, "", time.Now())
	moved, ok := o.sinceValue(top)
	forward := ok && moved.later(from.Asked, o)
	if len(p.records) >= o.Size && o.descending(p.records, top) {
		return false, datarun.Errorf(datarun.Invalid, place,
			"a full page that does not end with its largest since_item: records beyond it would be missed; have the service sort by it, rising, or set page_param, offset_param or next if it pages its answers")
	}
	if !forward && len(p.records) >= o.Size && from.Asked != "" {
		return false, datarun.Errorf(datarun.Invalid, place,
			"a full page of %d records with one value of since_item: those behind it cannot be asked for; set a larger size, or page_param, offset_param or next if the service pages its answers", len(p.records))
	}
	r.mark.Round = &round{Pages: from.Pages + 1, Digest: p.digest, Asked: top, Latest: latest}
	return !forward || (o.End == "short" && len(p.records) < o.Size), nil
}

// descending reports that the last record of a page comes before its latest one, top.
func (o *options) descending(records [][]byte, top string) bool {
	latest, ok := o.sinceValue(top)
	last, none := o.latest(records[len(records)-1:], "", time.Now())
	return ok && !none && last != "" && latest.later(last, o)
}
