package catalog_test

import (
	"strings"
	"testing"

	"datarun"
	"datarun/catalog"
	"datarun/catalog/logtest"
)

// has reports whether a refusing problem of the rule is at path.
func has(ps catalog.Problems, path string, rule catalog.Rule) bool {
	for _, p := range ps.Refusing() {
		if p.Path == path && p.Rule == rule {
			return true
		}
	}
	return false
}

func TestResourceRules(t *testing.T) {
	c := open(t, logtest.New())
	apply(t, c, base()...)
	other := datarun.ResourceCode("306001/000002")
	for _, test := range []struct {
		name string
		edit func(*datarun.Resource)
		path string
		rule catalog.Rule
	}{
		{"code of another form", func(r *datarun.Resource) { r.Code = "406001/1" }, "code", catalog.RuleForm},
		{"code too long", func(r *datarun.Resource) { r.Code = "306001/" + datarun.ResourceCode(strings.Repeat("1", 60)) }, "code", catalog.RuleForm},
		{"no name", func(r *datarun.Resource) { r.Name = "" }, "name", catalog.RuleRequired},
		{"blank name", func(r *datarun.Resource) { r.Name = " " }, "name", catalog.RuleRequired},
		{"name of punctuation", func(r *datarun.Resource) { r.Name = "《》" }, "name", catalog.RuleForm},
		{"name too long", func(r *datarun.Resource) { r.Name = strings.Repeat("房", 129) }, "name", catalog.RuleLength},
		{"name taken but for punctuation", func(r *datarun.Resource) { r.Name = "房屋 登记（信息）" }, "name", catalog.RuleUnique},
		{"no class", func(r *datarun.Resource) { r.Class = nil }, "class", catalog.RuleRequired},
		{"five levels", func(r *datarun.Resource) { r.Class = []string{"部门", "a", "b", "c", "d"} }, "class", catalog.RuleRequired},
		{"empty level", func(r *datarun.Resource) { r.Class = []string{"部门", ""} }, "class[1]", catalog.RuleRequired},
		{"no provider", func(r *datarun.Resource) { r.Provider = "" }, "provider", catalog.RuleRequired},
		{"provider unknown", func(r *datarun.Resource) { r.Provider = "114207000099990335" }, "provider", catalog.RuleUnknown},
		{"no abstract", func(r *datarun.Resource) { r.Abstract = "" }, "abstract", catalog.RuleRequired},
		{"abstract too long", func(r *datarun.Resource) { r.Abstract = strings.Repeat("字", 1001) }, "abstract", catalog.RuleLength},
		{"format category", func(r *datarun.Resource) { r.Format.Category = 8 }, "format.category", catalog.RuleChoice},
		{"format type of another category", func(r *datarun.Resource) { r.Format.Type = "XLSX" }, "format.type", catalog.RulePair},
		{"no format type", func(r *datarun.Resource) { r.Format.Type = "" }, "format.type", catalog.RuleRequired},
		{"files as a database", func(r *datarun.Resource) { r.Format = datarun.Format{Category: 2, Type: "csv"} }, "method", catalog.RulePair},
		{"database as files", func(r *datarun.Resource) { r.Method = datarun.MethodFile }, "method", catalog.RulePair},
		{"no method", func(r *datarun.Resource) { r.Method = "" }, "method", catalog.RuleRequired},
		{"method", func(r *datarun.Resource) { r.Method = "fax" }, "method", catalog.RuleChoice},
		{"no items", func(r *datarun.Resource) { r.Items = nil }, "items", catalog.RuleRequired},
		{"item twice", func(r *datarun.Resource) { r.Items[1].Name = "house_id" }, "items[1].name", catalog.RuleUnique},
		{"item name begins with _", func(r *datarun.Resource) { r.Items[1].Name = "_area" }, "items[1].name", catalog.RuleForm},
		{"item name with a space", func(r *datarun.Resource) { r.Items[1].Name = "a b" }, "items[1].name", catalog.RuleForm},
		{"item without a name", func(r *datarun.Resource) { r.Items[1].Name = "" }, "items[1].name", catalog.RuleRequired},
		{"item name too long", func(r *datarun.Resource) { r.Items[1].Name = datarun.ItemName(strings.Repeat("n", 129)) }, "items[1].name", catalog.RuleLength},
		{"item type", func(r *datarun.Resource) { r.Items[1].Type = "X" }, "items[1].type", catalog.RuleChoice},
		{"no item type", func(r *datarun.Resource) { r.Items[1].Type = "" }, "items[1].type", catalog.RuleRequired},
		{"N without a length", func(r *datarun.Resource) { r.Items[1].Length = 0 }, "items[1].length", catalog.RuleLength},
		{"N too long", func(r *datarun.Resource) { r.Items[1].Length = 77 }, "items[1].length", catalog.RuleLength},
		{"scale over length", func(r *datarun.Resource) { r.Items[1].Scale = 11 }, "items[1].scale", catalog.RuleLength},
		{"Y shorter than its scale", func(r *datarun.Resource) { r.Items[1] = datarun.Item{Name: "fee", Type: datarun.Currency, Length: 1} }, "items[1].scale", catalog.RuleLength},
		{"negative length", func(r *datarun.Resource) { r.Items[0].Length = -1 }, "items[0].length", catalog.RuleLength},
		{"D with a length", func(r *datarun.Resource) { r.Items[1] = datarun.Item{Name: "d", Type: datarun.Date, Length: 10} }, "items[1].length", catalog.RulePair},
		{"code system", func(r *datarun.Resource) { r.Items[2].Code = "passport" }, "items[2].code", catalog.RuleChoice},
		{"code on a number", func(r *datarun.Resource) { r.Items[1].Code = datarun.OrgCode }, "items[1].code", catalog.RulePair},
		{"code longer than its item", func(r *datarun.Resource) { r.Items[2].Length = 15 }, "items[2].length", catalog.RulePair},
		{"no key", func(r *datarun.Resource) { r.Key = nil }, "key", catalog.RuleRequired},
		{"key unknown", func(r *datarun.Resource) { r.Key = []datarun.ItemName{"nothing"} }, "key[0]", catalog.RuleUnknown},
		{"key twice", func(r *datarun.Resource) { r.Key = []datarun.ItemName{"house_id", "house_id"} }, "key[1]", catalog.RuleUnique},
		{"key not required", func(r *datarun.Resource) { r.Items[0].Required = false }, "key[0]", catalog.RuleRequired},
		{"key of floats", func(r *datarun.Resource) {
			r.Items[0] = datarun.Item{Name: "house_id", Type: datarun.Double, Required: true}
		}, "key[0]", catalog.RulePair},
		{"share", func(r *datarun.Resource) { r.Share = 0 }, "share", catalog.RuleChoice},
		{"class 2 without condition", func(r *datarun.Resource) { r.Condition = "" }, "condition", catalog.RuleCondition},
		{"class 3 without reason", func(r *datarun.Resource) { r.Share, r.Condition, r.Basis = 3, "", "某法第一条" }, "condition", catalog.RuleCondition},
		{"class 3 without basis", func(r *datarun.Resource) { r.Share = 3 }, "basis", catalog.RuleCondition},
		{"cycle", func(r *datarun.Resource) { r.Cycle = 9 }, "cycle", catalog.RuleChoice},
		{"no grade", func(r *datarun.Resource) { r.Grade = "" }, "grade", catalog.RuleRequired},
		{"related to itself", func(r *datarun.Resource) { r.Related = []datarun.ResourceCode{other} }, "related[0]", catalog.RulePair},
		{"related form", func(r *datarun.Resource) { r.Related = []datarun.ResourceCode{"x"} }, "related[0]", catalog.RuleForm},
		{"partitions", func(r *datarun.Resource) { r.Partitions = 257 }, "partitions", catalog.RuleLength},
		{"control characters", func(r *datarun.Resource) { r.Abstract = "a\x00b" }, "abstract", catalog.RuleForm},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := resource(other, "另一种信息")
			test.edit(&r)
			ps := c.Snapshot().Check(catalog.PutResource(r, 0))
			if !has(ps, test.path, test.rule) {
				t.Errorf("want %s at %s, got:\n%v", test.rule, test.path, ps)
			}
			_, err := c.Apply(t.Context(), "tester", catalog.PutResource(r, 0))
			if datarun.KindOf(err) != datarun.Invalid || len(catalog.ProblemsOf(err)) == 0 {
				t.Errorf("Apply: %v", err)
			}
		})
	}
	if ps := c.Snapshot().Check(catalog.PutResource(resource(other, "另一种信息"), 0)); len(ps) > 0 {
		t.Errorf("a good entry: %v", ps)
	}
}

func TestWarningsRefuseNothing(t *testing.T) {
	c := open(t, logtest.New())
	r := resource(houses, "房屋登记信息")
	r.Class[0], r.Format.Type, r.Published = "主题", "自研数据库", "2020-01-01"
	changes := base()
	changes[2] = catalog.PutResource(r, 0)
	res := apply(t, c, changes...)
	if len(res.Warnings) != 3 {
		t.Errorf("warnings: %v", res.Warnings)
	}
	if e, _ := c.Snapshot().Resource(houses); e.Published == "2020-01-01" {
		t.Error("the day of publication was taken from the writer")
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	c := open(t, logtest.New())
	ps := c.Snapshot().Check(catalog.PutResource(datarun.Resource{Items: []datarun.Item{{}, {Name: "x y", Type: "Q"}}}, 0))
	for _, path := range []string{"code", "name", "class", "provider", "abstract", "format.category", "items[0].name",
		"items[0].type", "items[1].name", "items[1].type", "key", "share", "cycle", "grade"} {
		found := false
		for _, p := range ps {
			found = found || p.Path == path
		}
		if !found {
			t.Errorf("nothing about %s in:\n%v", path, ps)
		}
	}
}

func TestRevision(t *testing.T) {
	for _, test := range []struct {
		name string
		edit func(*datarun.Resource)
		path string // empty: allowed
	}{
		{"nothing", func(*datarun.Resource) {}, ""},
		{"texts", func(r *datarun.Resource) { r.Name, r.Abstract, r.Grade, r.Cycle = "新名", "新摘要", "重要", 1 }, ""},
		{"a new item", func(r *datarun.Resource) { r.Items = append(r.Items, datarun.Item{Name: "phone", Type: "C"}) }, ""},
		{"a longer text", func(r *datarun.Resource) { r.Items[0].Length = 64 }, ""},
		{"a text without limit", func(r *datarun.Resource) { r.Items[0].Length = 0 }, ""},
		{"more digits", func(r *datarun.Resource) { r.Items[1].Length = 12 }, ""},
		{"no longer checked", func(r *datarun.Resource) { r.Items[2].Code = "" }, ""},
		{"other order of items", func(r *datarun.Resource) { r.Items[1], r.Items[2] = r.Items[2], r.Items[1] }, ""},
		{"a new required item", func(r *datarun.Resource) {
			r.Items = append(r.Items, datarun.Item{Name: "phone", Type: "C", Required: true})
		}, "items[3].required"},
		{"an item gone", func(r *datarun.Resource) { r.Items = r.Items[:2] }, "items"},
		{"another type", func(r *datarun.Resource) { r.Items[1] = datarun.Item{Name: "area", Type: "B"} }, "items[1].type"},
		{"a shorter text", func(r *datarun.Resource) { r.Items[0].Length = 16 }, "items[0].length"},
		{"fewer digits", func(r *datarun.Resource) { r.Items[1].Length = 9 }, "items[1].length"},
		{"another scale", func(r *datarun.Resource) { r.Items[1].Scale = 3 }, "items[1].scale"},
		{"becomes required", func(r *datarun.Resource) { r.Items[1].Required = true }, "items[1].required"},
		{"another check", func(r *datarun.Resource) { r.Items[2].Code = datarun.CreditCode }, "items[2].code"},
		{"another key", func(r *datarun.Resource) { r.Items[2].Required, r.Key = true, []datarun.ItemName{"owner"} }, "key"},
		{"partitions", func(r *datarun.Resource) { r.Partitions = 6 }, "partitions"},
		{"generation skipped", func(r *datarun.Resource) { r.Generation = 2 }, "generation"},
		{"a new generation", func(r *datarun.Resource) { r.Generation, r.Partitions, r.Items = 1, 6, r.Items[:1] }, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := open(t, logtest.New())
			apply(t, c, base()...)
			r := resource(houses, "房屋登记信息")
			test.edit(&r)
			ps := c.Snapshot().Check(catalog.PutResource(r, 1))
			if test.path == "" {
				if len(ps.Refusing()) > 0 {
					t.Errorf("refused: %v", ps)
				}
			} else if !has(ps, test.path, catalog.RuleRevision) {
				t.Errorf("want a refusal at %s, got: %v", test.path, ps)
			}
		})
	}
}
