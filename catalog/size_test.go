package catalog_test

import (
	"fmt"
	"runtime"
	"testing"

	"datarun"
	"datarun/catalog"
	"datarun/catalog/logtest"
)

const (
	manyResources = 2_400
	manyGrants    = 100_000
	perCommand    = 10
)

// big writes the directory of a large city: a command per 100 entries, then one per 10 grants.
func big(t testing.TB, grants int) *logtest.Log {
	t.Helper()
	log := logtest.New()
	c := open(t, log)
	apply(t, c, base()[:2]...)
	var changes []catalog.Change
	for i := range manyResources {
		r := resource(datarun.ResourceCode(fmt.Sprintf("306001/%06d", i)), fmt.Sprintf("信息%d", i))
		for n := range 15 {
			r.Items = append(r.Items, datarun.Item{Name: datarun.ItemName(fmt.Sprintf("item_%d", n)), Title: "信息项", Type: datarun.Char, Length: 64})
		}
		if changes = append(changes, catalog.PutResource(r, 0)); len(changes) == 100 {
			apply(t, c, changes...)
			changes = nil
		}
	}
	changes = nil
	for i := range grants {
		changes = append(changes, catalog.PutGrant(datarun.Grant{ID: datarun.GrantID(fmt.Sprintf("g%d", i)), Agency: market,
			Resource: datarun.ResourceCode(fmt.Sprintf("306001/%06d", i%manyResources)), Purpose: "行政审批核验"}, 0))
		if len(changes) == perCommand {
			apply(t, c, changes...)
			changes = nil
		}
	}
	return log
}

func TestALargeCityFits(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 100,000 grants")
	}
	log := big(t, manyGrants)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	c := open(t, log)
	runtime.GC()
	runtime.ReadMemStats(&after)
	s := c.Snapshot()
	if len(s.Resources()) != manyResources || s.GrantCount() != manyGrants {
		t.Errorf("%d entries, %d grants", len(s.Resources()), s.GrantCount())
	}
	used := int64(after.HeapAlloc) - int64(before.HeapAlloc)
	t.Logf("%d MB of heap", used>>20)
	if used > 200<<20 {
		t.Errorf("the directory takes %d MB", used>>20)
	}
	if report, err := c.Verify(t.Context()); err != nil || !report.OK() || report.Accepted != 1+manyResources/100+manyGrants/perCommand {
		t.Errorf("verify: %+v, %v", report, err)
	}
}

func BenchmarkOpen(b *testing.B) {
	log := big(b, 10_000)
	for b.Loop() {
		open(b, log)
	}
	b.ReportMetric(float64(b.N)*10_000/b.Elapsed().Seconds(), "grants/s")
}

func BenchmarkApply(b *testing.B) {
	c := open(b, big(b, 50_000))
	i := 0
	for b.Loop() {
		i++
		apply(b, c, catalog.PutGrant(datarun.Grant{ID: datarun.GrantID(fmt.Sprintf("n%d", i)), Agency: market, Resource: datarun.ResourceCode(fmt.Sprintf("306001/%06d", i%manyResources)), Purpose: "p"}, 0))
	}
}

func BenchmarkAllowed(b *testing.B) {
	s := open(b, big(b, 50_000)).Snapshot()
	e, _ := s.Resource("306001/000000")
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := s.Allowed(market, e.Code, e.Updated); !ok {
			b.Fatal("not allowed")
		}
	}
}
