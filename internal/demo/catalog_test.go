package demo

import (
	"strings"
	"testing"

	"datarun"
	"datarun/catalog"
	"datarun/catalog/logtest"
)

func TestDirectoryAppliesToAnEmptyOne(t *testing.T) {
	ctx := t.Context()
	cat, err := catalog.Open(ctx, logtest.New())
	if err != nil {
		t.Fatal(err)
	}
	docs := directory(t)
	diff, err := catalog.Diff(cat.Snapshot(), docs)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(diff.Changes()); got != len(docs) {
		t.Errorf("%d changes of %d documents", got, len(docs))
	}
	res, err := cat.Apply(ctx, "test", diff.Changes()...)
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Warnings) > 0 {
		t.Errorf("warnings: %v", res.Warnings)
	}
	again, err := catalog.Diff(cat.Snapshot(), docs)
	if err != nil || len(again.Changes()) != 0 {
		t.Errorf("a second start would change %d entries: %v", len(again.Changes()), err)
	}
	if n := len(cat.Snapshot().Resources()); n != len(allTables) {
		t.Errorf("%d resources for %d tables", n, len(allTables))
	}
	for _, code := range []datarun.AgencyCode{housing, market, civil, police, province, window} {
		if _, ok := cat.Snapshot().Agency(code); !ok {
			t.Errorf("agency %s is not registered", code)
		}
	}
}

// Every item that the directory asks for is a column, and the other way round.
func TestColumnsAreTheItems(t *testing.T) {
	for _, tab := range allTables {
		res := resourceOf(t, tab.name)
		for _, c := range tab.columns {
			if res.Item(datarun.ItemName(c.name)) == nil {
				t.Errorf("%s: column %s is no item of %s", tab.name, c.name, res.Code)
			}
		}
		if len(res.Items) != len(tab.columns) || string(res.Key[0]) != tab.key {
			t.Errorf("%s: %d items, key %v; want %d, %s", tab.name, len(res.Items), res.Key, len(tab.columns), tab.key)
		}
	}
}

func TestConfig(t *testing.T) {
	tests := []struct {
		housing   database
		connector string
		object    string
	}{
		{database{driver: "sqlite"}, "sqlite", "house"},
		{database{driver: "pgx", dsn: "postgres://demo@127.0.0.1:5432/housing"}, "postgres", "public.house"},
	}
	for _, test := range tests {
		cfg := city(t, test.housing)
		if got := cfg.Sources[0].Connector; got != test.connector {
			t.Errorf("housing is read with %s, want %s", got, test.connector)
		}
		all := streams(cfg)
		if got := all["house"].Object; got != test.object {
			t.Errorf("houses are read from %s, want %s", got, test.object)
		}
		for _, tab := range []*table{&residents, &stays} {
			columns, _ := all[tab.name].Options["columns"].(map[string]any)
			if len(columns) != len(tab.columns) {
				t.Errorf("%s: %d columns are mapped of %d", tab.name, len(columns), len(tab.columns))
			}
			for _, c := range tab.columns {
				if columns[c.name] != c.comment {
					t.Errorf("%s: %s is read from %v, and the file has %s", tab.name, c.name, columns[c.name], c.comment)
				}
			}
		}
		if strings.Contains(cfg.Sources[2].Settings["url"].(string), "@") {
			t.Error("a place was not filled in")
		}
	}
}
