package auth

import (
	"net/netip"
	"sync"
	"time"
)

// failures counts wrong credentials per address and minute, in bounded memory.
type failures struct {
	limit, addresses int
	now              func() time.Time

	mu     sync.Mutex
	minute int64 // the minute that counts are of
	counts map[netip.Prefix]int
}

func newFailures(l Limits) *failures {
	f := &failures{limit: l.Failures, addresses: l.Addresses, now: l.Now, counts: map[netip.Prefix]int{}}
	if f.limit <= 0 {
		f.limit = 30
	}
	if f.addresses <= 0 {
		f.addresses = 10_000
	}
	if f.now == nil {
		f.now = time.Now
	}
	return f
}

// count notes a failure from the address and reports whether there were too many. Addresses that no longer fit share one
// count: a flood from everywhere is throttled as one.
func (f *failures) count(remoteAddr string) bool {
	who := network(remoteAddr)
	f.mu.Lock()
	defer f.mu.Unlock()
	if minute := f.now().Unix() / 60; minute != f.minute {
		f.minute = minute
		clear(f.counts)
	}
	if _, known := f.counts[who]; !known && len(f.counts) >= f.addresses {
		who = netip.Prefix{}
	}
	f.counts[who]++
	return f.counts[who] > f.limit
}

// network returns what is counted as one address: an IPv4 address, or an IPv6 /64, since one host owns all of it.
func network(remoteAddr string) netip.Prefix {
	ap, err := netip.ParseAddrPort(remoteAddr)
	if err != nil {
		return netip.Prefix{}
	}
	addr := ap.Addr().Unmap()
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	p, err := addr.WithZone("").Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
