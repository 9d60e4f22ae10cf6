package catalog

import (
	"hash/maphash"
	"iter"
)

// A table is a map in shards. A snapshot copies the array of shards (2 KiB) and shares the maps; a later change copies
// the one small map that it touches, and only when a snapshot shares it. So one change costs some microseconds among
// 100,000 grants, and a replay, which shares nothing, copies nothing.
type table[K, V comparable] struct {
	shards [shards]*shard[K, V]
	size   int
}

const shards = 256

type shard[K, V comparable] struct {
	epoch uint64 // of the state that may write to it
	m     map[K]V
}

// seed spreads keys over shards. It differs from process to process, and no result depends on it.
var seed = maphash.MakeSeed()

func (t *table[K, V]) get(k K) V {
	var none V
	s := t.shards[maphash.Comparable(seed, k)%shards]
	if s == nil {
		return none
	}
	return s.m[k]
}

// set stores v under k; the zero V means that there is none.
func (t *table[K, V]) set(epoch uint64, k K, v V) {
	i := maphash.Comparable(seed, k) % shards
	s := t.shards[i]
	if s == nil || s.epoch != epoch {
		s = s.clone(epoch)
		t.shards[i] = s
	}
	var none V
	before := len(s.m)
	if v == none {
		delete(s.m, k)
	} else {
		s.m[k] = v
	}
	t.size += len(s.m) - before
}

func (s *shard[K, V]) clone(epoch uint64) *shard[K, V] {
	c := &shard[K, V]{epoch: epoch, m: map[K]V{}}
	if s != nil {
		for k, v := range s.m {
			c.m[k] = v
		}
	}
	return c
}

// all visits every pair, in no order.
func (t *table[K, V]) all() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for _, s := range t.shards {
			if s == nil {
				continue
			}
			for k, v := range s.m {
				if !yield(k, v) {
					return
				}
			}
		}
	}
}

// An overlay is what a command would change in a table: it is read through while the command's later changes are
// judged, written to the table when all of them are good, and dropped otherwise.
type overlay[K, V comparable] struct {
	base  *table[K, V]
	over  map[K]V
	order []K // as written, so that commit touches shards in one order everywhere
}

func (o *overlay[K, V]) get(k K) V {
	if v, ok := o.over[k]; ok {
		return v
	}
	return o.base.get(k)
}

func (o *overlay[K, V]) set(k K, v V) {
	if o.over == nil {
		o.over = make(map[K]V)
	}
	if _, ok := o.over[k]; !ok {
		o.order = append(o.order, k)
	}
	o.over[k] = v
}

func (o *overlay[K, V]) commit(epoch uint64) {
	for _, k := range o.order {
		o.base.set(epoch, k, o.over[k])
	}
}
