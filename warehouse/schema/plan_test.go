package schema

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"datarun"
)

var update = flag.Bool("update", false, "write the golden files")

func entry() *datarun.Resource {
	return &datarun.Resource{Code: "306001/000001", Name: "不动产'登记", Key: []datarun.ItemName{"id"}, Items: []datarun.Item{
		{Name: "id", Title: "编号", Type: datarun.Integer, Required: true},
		{Name: "姓名", Title: "权利人\\姓名", Type: datarun.Char, Length: 50},
		{Name: "area", Title: "面积", Type: datarun.Numeric, Length: 12, Scale: 2},
		{Name: "price", Type: datarun.Currency, Required: true},
		{Name: "built", Title: "建成日期", Type: datarun.Date},
		{Name: "updated", Title: "更新时间", Type: datarun.DateTime},
		{Name: "valid", Type: datarun.Bool},
		{Name: "note", Type: datarun.Memo},
		{Name: "extra", Type: datarun.General},
		{Name: "ratio", Type: datarun.Double},
		{Name: "big", Type: datarun.Numeric, Length: 76, Scale: 10},
	}}
}

func state(t *testing.T, r *datarun.Resource) State {
	t.Helper()
	items, err := columnsOf(r)
	if err != nil {
		t.Fatal(err)
	}
	own := []Column{{Name: KeyColumn, Type: "String"}, {Name: TimeColumn}, {Name: VersionColumn}, {Name: PartitionColumn}, {Name: DeletedColumn}}
	return State{Columns: append(own, items...), Comment: tableComment(r), View: viewColumns(items), ViewComment: viewComment(r)}
}

func TestPlanGolden(t *testing.T) {
	changed := entry()
	changed.Name = "不动产权登记"
	changed.Items[0].Title = "不动产编号"
	changed.Items[2].Length = 18
	changed.Items[3].Required = false
	changed.Items = append(changed.Items, datarun.Item{Name: "street", Title: "街道", Type: datarun.Char, Length: 20})
	tests := []struct {
		name  string
		have  State
		want  *datarun.Resource
		place Place
	}{
		{"create", State{}, entry(), Place{Database: "datarun"}},
		{"create_cluster", State{}, entry(), Place{Database: "datarun", Cluster: "city"}},
		{"alter", state(t, entry()), changed, Place{Database: "datarun"}},
		{"alter_cluster", state(t, entry()), changed, Place{Database: "datarun", Cluster: "city"}},
		{"same", state(t, entry()), entry(), Place{Database: "datarun"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			statements, err := Plan(tt.have, tt.want, tt.place)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(statements, ";\n\n")
			path := filepath.Join("testdata", tt.name+".sql")
			if *update {
				if err := os.WriteFile(path, []byte(got+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil || got+"\n" != string(want) {
				t.Errorf("%s: err %v, got\n%s\nwant\n%s", path, err, got, want)
			}
		})
	}
}

func TestPlanRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(*datarun.Resource)
		reason string
	}{
		{"type", func(r *datarun.Resource) { r.Items[0].Type = datarun.Char }, "item id: type changes from Int64 to String"},
		{"removed", func(r *datarun.Resource) { r.Items = r.Items[:9] }, "items removed (big, ratio)"},
		{"key", func(r *datarun.Resource) { r.Key = []datarun.ItemName{"id", "姓名"} }, "the key changed"},
		{"required", func(r *datarun.Resource) { r.Items[1].Required = true }, "item 姓名: was optional"},
		{"new required", func(r *datarun.Resource) {
			r.Items = append(r.Items, datarun.Item{Name: "x", Type: datarun.Memo, Required: true})
		}, "item x: new and required"},
		{"shorter decimal", func(r *datarun.Resource) { r.Items[2].Length = 10 }, "item area: type changes"},
		{"other scale", func(r *datarun.Resource) { r.Items[2].Scale = 3 }, "item area: type changes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := entry()
			tt.change(want)
			statements, err := Plan(state(t, entry()), want, Place{Database: "datarun"})
			if datarun.KindOf(err) != datarun.Conflict || !strings.Contains(err.Error(), tt.reason) || statements != nil {
				t.Errorf("err = %v (%v), statements %q; want a conflict with %q", err, datarun.KindOf(err), statements, tt.reason)
			}
		})
	}
}

func TestPlanInvalid(t *testing.T) {
	for name, change := range map[string]func(*datarun.Resource){
		"code":      func(r *datarun.Resource) { r.Code = "x; DROP TABLE y" },
		"precision": func(r *datarun.Resource) { r.Items[2].Length = 77 },
		"type":      func(r *datarun.Resource) { r.Items[2].Type = "Z" },
	} {
		t.Run(name, func(t *testing.T) {
			want := entry()
			change(want)
			if _, err := Plan(State{}, want, Place{Database: "datarun"}); datarun.KindOf(err) != datarun.Invalid {
				t.Errorf("err = %v, want Invalid", err)
			}
		})
	}
}
