package catalog_test

import (
	"fmt"
	"strings"
	"testing"

	"datarun"
	"datarun/catalog"
	"datarun/catalog/logtest"
)

func diffOf(t *testing.T, c *catalog.Catalog, text string) catalog.Difference {
	t.Helper()
	docs, err := catalog.Parse("dir.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	diff, err := catalog.Diff(c.Snapshot(), docs)
	if err != nil {
		t.Fatal(err)
	}
	return diff
}

func TestDiffShowsMembersOldAndNew(t *testing.T) {
	c := open(t, logtest.New())
	text := example(t)
	apply(t, c, diffOf(t, c, text).Changes()...)
	apply(t, c, catalog.AddKey("11420700009999025A", catalog.AnyVersion, datarun.KeyDigest{ID: "k1", SHA256: digest("a")}))
	for old, now := range map[string]string{
		"cycle: 2":         "cycle: 1",
		"    length: 32":   "    length: 64",
		"  type: Postgre":  "  type: openGauss # ",
		"key: [house_id]":  "key: [house_id]\nrelated: [306001/000002, 306001/000003]",
		"    type: D":      "    type: D\n  - name: phone\n    type: C",
		"[house_id, area]": "[house_id]",
		"鄂州市示例市场监督管理局":     "鄂州市示例市场监管局",
	} {
		if !strings.Contains(text, old) {
			t.Fatalf("no %q in the example", old)
		}
		text = strings.Replace(text, old, now, 1)
	}
	diff := diffOf(t, c, text)
	var b strings.Builder
	if err := diff.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	want := `~ agency 11420700009999025A (version 2)
    name: 鄂州市示例市场监督管理局 → 鄂州市示例市场监管局
~ resource 306001/000001 (version 1)
    format.type: PostgreSQL → openGauss
    items: house_id, area, owner_id, registered → house_id, area, owner_id, registered, phone
    items[house_id].length: 32 → 64
    items[phone].name: (none) → phone
    items[phone].type: (none) → C
    cycle: 2 → 1
    related: (none) → 306001/000002, 306001/000003
~ grant g-2026-0001 (version 1)
    items: house_id, area → house_id
0 created, 3 changed, 1 unchanged
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
	apply(t, c, diff.Changes()...)
	if diffOf(t, c, text).Count(catalog.Unchanged) != 4 {
		t.Error("applied, and still different")
	}
}

func TestDiffNamesFileAndLineOfWhatTheDirectoryRefuses(t *testing.T) {
	c := open(t, logtest.New())
	docs, err := catalog.Parse("dir.yaml", []byte(strings.Replace(example(t), "condition:", "# condition:", 1)))
	if err != nil {
		t.Fatal(err)
	}
	_, err = catalog.Diff(c.Snapshot(), docs)
	if !has(catalog.ProblemsOf(err), "condition", catalog.RuleCondition) || !strings.Contains(fmt.Sprint(err), "dir.yaml:15") {
		t.Errorf("got %v", err)
	}
}

func TestHistory(t *testing.T) {
	c := open(t, logtest.New())
	apply(t, c, base()...)
	revised := resource(houses, "房屋登记信息")
	revised.Cycle = datarun.RealTime
	apply(t, c, catalog.PutResource(revised, 1))
	apply(t, c, catalog.RevokeGrant("g1", 1, "用途已终止"))
	apply(t, c, catalog.WithdrawResource(houses, 2, "职责调整"))
	events, err := c.History(t.Context(), string(houses))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, e := range events {
		line := fmt.Sprintf("%d %s %s v%d %s", e.Seq, e.Verb, e.Subject, e.Version, e.By)
		if len(e.Fields) < 4 {
			line += fmt.Sprint(e.Fields, e.Reason)
		}
		lines = append(lines, line)
	}
	want := []string{
		"1 resource.put 306001/000001 v1 tester",
		"1 grant.put g1 v1 tester",
		"2 resource.put 306001/000001 v2 tester[cycle: 2 → 1]",
		"3 grant.revoke g1 v2 tester[revoked: (none) → true]用途已终止",
		"4 resource.withdraw 306001/000001 v3 tester[withdrawn: (none) → true]职责调整",
	}
	if got := strings.Join(lines, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s", got)
	}
	if _, err := c.History(t.Context(), "306001/9"); datarun.KindOf(err) != datarun.NotFound {
		t.Errorf("history of nothing: %v", err)
	}
}
