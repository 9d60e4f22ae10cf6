package catalog_test

import (
	"strings"
	"testing"
	"time"

	"datarun"
	"datarun/catalog"
	"datarun/catalog/logtest"
)

func digest(c string) string { return strings.Repeat(c, 64) }

func TestChanges(t *testing.T) {
	key := datarun.KeyDigest{ID: "k1", SHA256: digest("a")}
	for _, test := range []struct {
		name   string
		before []catalog.Change
		change catalog.Change
		path   string
		rule   catalog.Rule // empty: accepted
		kind   datarun.Kind
	}{
		{"create twice", nil, catalog.PutAgency(agency(housing, "又一次"), 0), "", catalog.RuleConflict, datarun.Conflict},
		{"version of before", nil, catalog.PutAgency(agency(housing, "又一次"), 2), "", catalog.RuleConflict, datarun.Conflict},
		{"revise", nil, catalog.PutAgency(agency(housing, "住建局"), 1), "", "", 0},
		{"revise any version", nil, catalog.PutAgency(agency(housing, "住建局"), catalog.AnyVersion), "", "", 0},
		{"revise nothing", nil, catalog.RevokeGrant("nobody", 1, ""), "", catalog.RuleMissing, datarun.NotFound},
		{"revoke nothing, expecting nothing", nil, catalog.RevokeGrant("nobody", 0, ""), "", catalog.RuleMissing, datarun.NotFound},
		{"withdraw nothing", nil, catalog.WithdrawResource("306001/9", 0, "x"), "", catalog.RuleMissing, datarun.NotFound},
		{"key for nobody", nil, catalog.AddKey("nobody", 0, key), "", catalog.RuleMissing, datarun.NotFound},
		{"agency code with a wrong check digit", nil, catalog.PutAgency(agency("11420700009999018F", "某局"), 0), "code", catalog.RuleForm, datarun.Invalid},
		{"agency without a name", nil, catalog.PutAgency(agency("114207000099990335", ""), 0), "name", catalog.RuleRequired, datarun.Invalid},
		{"division", nil, catalog.PutAgency(datarun.Agency{Code: "114207000099990335", Name: "某局", Division: "42"}, 0), "division", catalog.RuleForm, datarun.Invalid},
		{"withdraw without a reason", nil, catalog.WithdrawResource(houses, 1, ""), "reason", catalog.RuleRequired, datarun.Invalid},
		{"withdraw", nil, catalog.WithdrawResource(houses, 1, "职责调整"), "", "", 0},
		{"withdraw twice", []catalog.Change{catalog.WithdrawResource(houses, 1, "职责调整")}, catalog.WithdrawResource(houses, 2, "再次"), "", catalog.RuleState, datarun.Invalid},
		{"bring back", []catalog.Change{catalog.WithdrawResource(houses, 1, "职责调整")}, catalog.PutResource(resource(houses, "房屋登记信息"), 2), "", "", 0},
		{"name of a withdrawn entry", []catalog.Change{catalog.WithdrawResource(houses, 1, "职责调整")}, catalog.PutResource(resource("306001/000002", "房屋登记信息"), 0), "name", catalog.RuleUnique, datarun.Invalid},
		{"key", nil, catalog.AddKey(market, catalog.AnyVersion, key), "", "", 0},
		{"key that is a key", nil, catalog.AddKey(market, catalog.AnyVersion, datarun.KeyDigest{ID: "k1", SHA256: "secret"}), "key.sha256", catalog.RuleForm, datarun.Invalid},
		{"key of another agency", []catalog.Change{catalog.AddKey(housing, 1, key)}, catalog.AddKey(market, 1, datarun.KeyDigest{ID: "k2", SHA256: digest("a")}), "key.sha256", catalog.RuleUnique, datarun.Invalid},
		{"key that was revoked", []catalog.Change{catalog.AddKey(market, 1, key), catalog.RevokeKey(market, 2, "k1", "泄露")},
			catalog.AddKey(market, 3, key), "key.sha256", catalog.RuleUnique, datarun.Invalid},
		{"revoke a key that is not there", nil, catalog.RevokeKey(market, 1, "k9", ""), "key.id", catalog.RuleMissing, datarun.NotFound},
		{"subject of another agency", []catalog.Change{catalog.PutAgency(datarun.Agency{Code: housing, Name: "住建局", Subjects: []string{"CN=h"}}, 1)},
			catalog.PutAgency(datarun.Agency{Code: market, Name: "市监局", Subjects: []string{"CN=h"}}, 1), "subjects[0]", catalog.RuleUnique, datarun.Invalid},
		{"grant to nobody", nil, catalog.PutGrant(datarun.Grant{ID: "g2", Agency: "x", Resource: houses, Purpose: "p"}, 0), "agency", catalog.RuleUnknown, datarun.Invalid},
		{"grant of nothing", nil, catalog.PutGrant(datarun.Grant{ID: "g2", Agency: market, Resource: "306001/9", Purpose: "p"}, 0), "resource", catalog.RuleUnknown, datarun.Invalid},
		{"grant without a purpose", nil, catalog.PutGrant(datarun.Grant{ID: "g2", Agency: market, Resource: houses}, 0), "purpose", catalog.RuleRequired, datarun.Invalid},
		{"grant of an unknown item", nil, catalog.PutGrant(datarun.Grant{ID: "g2", Agency: market, Resource: houses, Purpose: "p", Items: []datarun.ItemName{"no"}}, 0), "items[0]", catalog.RuleUnknown, datarun.Invalid},
		{"grant that ends before it begins", nil, catalog.PutGrant(datarun.Grant{ID: "g2", Agency: market, Resource: houses, Purpose: "p", From: "2026-02-01", Until: "2026-01-01"}, 0), "until", catalog.RulePair, datarun.Invalid},
		{"grant until no day", nil, catalog.PutGrant(datarun.Grant{ID: "g2", Agency: market, Resource: houses, Purpose: "p", Until: "2026-02-30"}, 0), "until", catalog.RuleForm, datarun.Invalid},
		{"grant of the reserved id", nil, catalog.PutGrant(datarun.Grant{ID: catalog.OwnGrant, Agency: market, Resource: houses, Purpose: "p"}, 0), "id", catalog.RuleForm, datarun.Invalid},
		{"grant to another agency", nil, catalog.PutGrant(datarun.Grant{ID: "g1", Agency: housing, Resource: houses, Purpose: "p"}, 1), "agency", catalog.RuleRevision, datarun.Invalid},
		{"grant that was revoked", []catalog.Change{catalog.RevokeGrant("g1", 1, "")}, catalog.PutGrant(grant("g1"), 2), "", catalog.RuleState, datarun.Invalid},
		{"grant of a withdrawn entry", []catalog.Change{catalog.WithdrawResource(houses, 1, "下线")}, catalog.PutGrant(grant("g2"), 0), "resource", catalog.RuleState, datarun.Invalid},
		{"a verb that is none", nil, catalog.Change{Verb: "grant.sell", ID: "g1"}, "verb", catalog.RuleChoice, datarun.Invalid},
		{"a verb with the wrong body", nil, catalog.Change{Verb: catalog.GrantPut, ID: "g1"}, "", catalog.RuleCommand, datarun.Invalid},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := open(t, logtest.New())
			apply(t, c, base()...)
			for _, change := range test.before {
				apply(t, c, change)
			}
			head := c.Snapshot().Head()
			_, err := c.Apply(t.Context(), "tester", test.change)
			if test.rule == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			if !has(catalog.ProblemsOf(err), test.path, test.rule) || datarun.KindOf(err) != test.kind {
				t.Errorf("want %s (%s) at %q, got %s: %v", test.rule, test.kind, test.path, datarun.KindOf(err), err)
			}
			if c.Snapshot().Head() != head {
				t.Error("what was wrong from the start is in the log")
			}
		})
	}
}

func TestAllOrNothing(t *testing.T) {
	c := open(t, logtest.New())
	bad := base()
	bad[3].Grant.Purpose = ""
	if _, err := c.Apply(t.Context(), "tester", bad...); err == nil {
		t.Fatal("accepted")
	}
	if _, ok := c.Snapshot().Agency(housing); ok {
		t.Error("half of a refused command is there")
	}
	if _, err := c.Apply(t.Context(), "", base()...); !has(catalog.ProblemsOf(err), "by", catalog.RuleRequired) {
		t.Errorf("nobody answers for it: %v", err)
	}
	if _, err := c.Apply(t.Context(), "tester"); err == nil {
		t.Error("a command without changes was accepted")
	}
}

func TestKeys(t *testing.T) {
	c := open(t, logtest.New())
	apply(t, c, base()...)
	apply(t, c, catalog.AddKey(market, catalog.AnyVersion, datarun.KeyDigest{ID: "k1", SHA256: digest("a")}),
		catalog.AddKey(market, catalog.AnyVersion, datarun.KeyDigest{ID: "k2", SHA256: digest("b")}))
	if m, id, ok := c.Snapshot().AgencyByKey(digest("b")); !ok || m.Code != market || id != "k2" {
		t.Errorf("by key: %v %q %v", m, id, ok)
	}
	apply(t, c, catalog.PutAgency(agency(market, "市监局"), catalog.AnyVersion)) // a put without keys leaves them
	apply(t, c, catalog.RevokeKey(market, catalog.AnyVersion, "k1", "人员离职"))
	if _, _, ok := c.Snapshot().AgencyByKey(digest("a")); ok {
		t.Error("a revoked key still opens")
	}
	if _, _, ok := c.Snapshot().AgencyByKey(digest("b")); !ok {
		t.Error("the other key does not open any more")
	}
	with := agency(market, "市监局")
	with.Keys = []datarun.KeyDigest{{ID: "k3", SHA256: digest("c")}}
	with.Subjects = []string{"CN=market,O=Ezhou"}
	apply(t, c, catalog.PutAgency(with, catalog.AnyVersion))
	if _, _, ok := c.Snapshot().AgencyByKey(digest("b")); ok {
		t.Error("a key that was left out still opens")
	}
	if m, ok := c.Snapshot().AgencyBySubject("CN=market,O=Ezhou"); !ok || m.Code != market {
		t.Error("not found by its certificate")
	}
	apply(t, c, catalog.PutAgency(agency(market, "市监局"), catalog.AnyVersion))
	if _, ok := c.Snapshot().AgencyBySubject("CN=market,O=Ezhou"); ok {
		t.Error("a certificate that was left out still opens")
	}
}

func TestAllowedPicksTheWidestInForce(t *testing.T) {
	c := open(t, logtest.New())
	apply(t, c, base()[:3]...)
	put := func(id datarun.GrantID, until string, items ...datarun.ItemName) {
		apply(t, c, catalog.PutGrant(datarun.Grant{ID: id, Agency: market, Resource: houses, Purpose: "核验", Until: until, Items: items}, 0))
	}
	put("one", "", "house_id")
	put("all", "2026-06-30")
	put("two", "", "house_id", "area")
	june := time.Date(2026, 6, 30, 15, 59, 59, 0, time.UTC) // 23:59:59 in China
	if g, ok := c.Snapshot().Allowed(market, houses, june); !ok || g.ID != "all" {
		t.Errorf("in June: %+v %v", g, ok)
	}
	if g, ok := c.Snapshot().Allowed(market, houses, june.Add(time.Second)); !ok || g.ID != "two" {
		t.Errorf("in July: %+v %v", g, ok)
	}
	if got := c.Snapshot().GrantsBetween(market, houses); len(got) != 3 || got[0].ID != "all" {
		t.Errorf("between: %v", got)
	}
	withheld := resource(houses, "房屋登记信息")
	withheld.Share, withheld.Basis = datarun.Withheld, "某法第一条"
	apply(t, c, catalog.PutResource(withheld, 1))
	if _, ok := c.Snapshot().Allowed(market, houses, june); ok {
		t.Error("an entry that is not shared may be read")
	}
	if _, ok := c.Snapshot().Allowed(housing, houses, june); !ok {
		t.Error("the provider may not read its own")
	}
	apply(t, c, catalog.WithdrawResource(houses, 2, "下线"))
	if _, ok := c.Snapshot().Allowed(housing, houses, june); ok {
		t.Error("a withdrawn entry may be read")
	}
}
