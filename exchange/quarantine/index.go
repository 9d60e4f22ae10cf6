package quarantine

import (
	"maps"

	"datarun"
)

// entry is a parked record without its raw bytes, and where it stands in the topic.
type entry struct {
	Parked
	offset int64
}

// index holds the newest entries in a ring, and counts all.
type index struct {
	ring  []entry
	first int            // of the ring: the oldest entry
	byID  map[string]int // id → place in the ring
	most  int
	count map[datarun.ResourceCode]map[datarun.Rule]int
}

func newIndex(most int) index {
	return index{byID: map[string]int{}, most: most, count: map[datarun.ResourceCode]map[datarun.Rule]int{}}
}

func (x *index) has(id string) bool { _, ok := x.byID[id]; return ok }

func (x *index) offset(id string) (int64, bool) {
	i, ok := x.byID[id]
	if !ok {
		return 0, false
	}
	return x.ring[i].offset, true
}

// add takes an entry in, in the place of the oldest when there are enough. An id that is there already is left alone:
// two hubs, or one before and after a crash, may have parked the same record.
func (x *index) add(e entry) {
	if x.has(e.ID) {
		return
	}
	if x.count[e.Resource] == nil {
		x.count[e.Resource] = map[datarun.Rule]int{}
	}
	x.count[e.Resource][e.Fault.Rule]++
	if len(x.ring) < x.most {
		x.byID[e.ID] = len(x.ring)
		x.ring = append(x.ring, e)
		return
	}
	delete(x.byID, x.ring[x.first].ID)
	x.ring[x.first] = e
	x.byID[e.ID] = x.first
	x.first = (x.first + 1) % x.most
}

// list returns what matches, newest first.
func (x *index) list(f Filter) ([]Parked, error) {
	age := 0
	if f.Before != "" {
		i, ok := x.byID[f.Before]
		if !ok {
			return nil, datarun.Errorf(datarun.NotFound, "quarantine", "no entry of the id to go on from")
		}
		age = (x.first+len(x.ring)-1-i)%len(x.ring) + 1
	}
	var out []Parked
	for ; age < len(x.ring) && len(out) < f.Limit; age++ {
		e := &x.ring[(x.first+len(x.ring)-1-age)%len(x.ring)]
		if (f.Resource == "" || f.Resource == e.Resource) && (f.Source == "" || f.Source == e.Source) && (f.Rule == "" || f.Rule == e.Fault.Rule) {
			out = append(out, e.Parked)
		}
	}
	return out, nil
}

func (x *index) counts() map[datarun.ResourceCode]map[datarun.Rule]int {
	out := make(map[datarun.ResourceCode]map[datarun.Rule]int, len(x.count))
	for code, rules := range x.count {
		out[code] = maps.Clone(rules)
	}
	return out
}
