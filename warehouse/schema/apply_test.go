package schema_test

import (
	"testing"

	"datarun"
	"datarun/warehouse/engine/enginetest"
	"datarun/warehouse/schema"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// A plan applied must leave nothing to plan, or every start would change something.
func TestApplyOnTheEngine(t *testing.T) {
	db := enginetest.Open(t)
	ctx := t.Context()
	place := schema.Place{Database: db.Database()}
	res := &datarun.Resource{Code: "306001/000001Z", Name: "不动产'登记\\", Key: []datarun.ItemName{"id"}, Items: []datarun.Item{
		{Name: "id", Title: "编号", Type: datarun.Integer, Required: true},
		{Name: "姓名", Title: "权利人'姓名\\", Type: datarun.Char, Length: 50},
		{Name: "area", Type: datarun.Numeric, Length: 8, Scale: 2},
		{Name: "price", Type: datarun.Currency, Required: true},
		{Name: "built", Type: datarun.Date},
		{Name: "updated", Type: datarun.DateTime, Required: true},
		{Name: "valid", Type: datarun.Bool},
		{Name: "extra", Type: datarun.General},
		{Name: "ratio", Type: datarun.Float},
	}}
	settle := func(what string) {
		t.Helper()
		if err := schema.Apply(ctx, db, res); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		have, err := schema.Read(ctx, db, res.Code)
		if err != nil {
			t.Fatal(err)
		}
		if left, err := schema.Plan(have, res, place); err != nil || len(left) > 0 {
			t.Fatalf("%s: after Apply err = %v, still to do: %q", what, err, left)
		}
	}
	settle("create")
	table := db.Database() + "." + schema.Table(res.Code)
	if err := db.Exec(ctx, "INSERT INTO "+table+" (_key, _version, id, area) VALUES ('1', 1, 1, 12.34), ('1', 2, 1, 56.78), ('2', 1, 2, NULL)"); err != nil {
		t.Fatal(err)
	}
	res.Name, res.Items[0].Title = "登记", "不动产编号"
	settle("titles")
	res.Items[2].Length, res.Items[3].Required = 20, false
	settle("wider, optional")
	res.Items = append(res.Items, datarun.Item{Name: "街道", Title: "街道", Type: datarun.Char})
	settle("new item")

	var rows int
	var sum string
	err := db.Select(ctx, "SELECT count(), toString(sum(area)) FROM "+db.Database()+"."+schema.View(res.Code), func(scan func(...any) error) error {
		var n uint64
		err := scan(&n, &sum)
		rows = int(n)
		return err
	})
	if err != nil || rows != 2 || sum != "56.78" {
		t.Errorf("view: %d rows, sum %q, err %v; want 2 rows, 56.78", rows, sum, err)
	}
	res.Items = res.Items[:4]
	if err := schema.Apply(ctx, db, res); datarun.KindOf(err) != datarun.Conflict {
		t.Errorf("items removed: err = %v, want Conflict", err)
	}
	if err := db.Exec(ctx, "SELECT * FROM "+db.Database()+".r_306001_000009"); datarun.KindOf(err) != datarun.NotFound {
		t.Errorf("no such table: err = %v, want NotFound", err)
	}
}
