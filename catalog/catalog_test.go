package catalog_test

import (
	"context"
	"testing"
	"time"

	"datarun"
	"datarun/catalog"
	"datarun/catalog/logtest"
)

const (
	housing = datarun.AgencyCode("11420700009999017F")
	market  = datarun.AgencyCode("11420700009999025A")
	houses  = datarun.ResourceCode("306001/000001")
)

func agency(code datarun.AgencyCode, name string) datarun.Agency {
	return datarun.Agency{Code: code, Name: name, Division: "420700"}
}

func resource(code datarun.ResourceCode, name string) datarun.Resource {
	return datarun.Resource{
		Code: code, Name: name, Class: []string{"部门", "省及以下各级", "住建"}, Provider: housing, Abstract: "测试用，合成数据",
		Format: datarun.Format{Category: 3, Type: "PostgreSQL"},
		Items: []datarun.Item{
			{Name: "house_id", Title: "房屋编号", Type: datarun.Char, Length: 32, Required: true},
			{Name: "area", Title: "面积", Type: datarun.Numeric, Length: 10, Scale: 2},
			{Name: "owner", Title: "产权人", Type: datarun.Char, Length: 18, Code: datarun.ResidentID, Personal: true},
		},
		Key: []datarun.ItemName{"house_id"}, Share: datarun.Conditional, Condition: "本市行政审批部门，用于办理事项核验",
		Method: datarun.MethodAPI, Cycle: datarun.Daily, Grade: "一般",
	}
}

func grant(id datarun.GrantID) datarun.Grant {
	return datarun.Grant{ID: id, Agency: market, Resource: houses, Purpose: "企业住所核验"}
}

func base() []catalog.Change {
	return []catalog.Change{
		catalog.PutAgency(agency(housing, "市住房和城乡建设局"), 0),
		catalog.PutAgency(agency(market, "市市场监督管理局"), 0),
		catalog.PutResource(resource(houses, "房屋登记信息"), 0),
		catalog.PutGrant(grant("g1"), 0),
	}
}

func open(t testing.TB, log catalog.Log) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Open(t.Context(), log)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func apply(t testing.TB, c *catalog.Catalog, changes ...catalog.Change) catalog.Result {
	t.Helper()
	res, err := c.Apply(t.Context(), "tester", changes...)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// run follows the log in the background and ends with the test.
func run(t testing.TB, c *catalog.Catalog) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func TestApplyIsSeenByTheWriterAndByOthers(t *testing.T) {
	log := logtest.New()
	one, two := open(t, log), open(t, log)
	run(t, two)
	before := two.Snapshot()
	res := apply(t, one, base()...)
	if len(res.Versions) != 4 || res.Versions[2] != 1 || res.Seq != 1 {
		t.Errorf("result %+v", res)
	}
	entry, ok := one.Snapshot().Resource(houses)
	if !ok || entry.Version != 1 || entry.Published == "" || entry.Updated.IsZero() {
		t.Fatalf("entry %+v, %v", entry, ok)
	}
	<-before.Changed()
	if _, ok := two.Snapshot().Resource(houses); !ok {
		t.Error("the other hub does not see the entry")
	}
	if _, ok := before.Resource(houses); ok {
		t.Error("an old snapshot changed")
	}
	if one.Snapshot().Head() != two.Snapshot().Head() {
		t.Error("two hubs, two heads")
	}
}

func TestAllowed(t *testing.T) {
	c := open(t, logtest.New())
	apply(t, c, base()...)
	now := time.Now()
	if g, ok := c.Snapshot().Allowed(market, houses, now); !ok || g.ID != "g1" {
		t.Errorf("granted: %+v, %v", g, ok)
	}
	if g, ok := c.Snapshot().Allowed(housing, houses, now); !ok || g.ID != catalog.OwnGrant {
		t.Errorf("own entry: %+v, %v", g, ok)
	}
	if _, ok := c.Snapshot().Allowed("somebody", houses, now); ok {
		t.Error("a stranger may read")
	}
	apply(t, c, catalog.RevokeGrant("g1", 1, "用途已终止"))
	if _, ok := c.Snapshot().Allowed(market, houses, now); ok {
		t.Error("may read after the grant was revoked")
	}
}
