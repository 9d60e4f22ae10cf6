package restapi

import (
	"context"
	"strings"
	"testing"

	"datarun"
	"datarun/connectors"
)

func TestCheck(t *testing.T) {
	s := newService(t, 3)
	missing := listStream("list", `{`+common+`}`)
	missing.Name, missing.Items = "missing", append(missing.Items, datarun.Item{Name: "nope", Type: datarun.Char, Required: true})
	wrong := listStream("list", `{"records":"rows"}`)
	wrong.Name = "wrong"
	since := modes["since"]
	since.Name, since.Options = "since", []byte(`{`+common+`,"mode":"since","since_item":"nope"}`)
	report, err := s.source(t, "").Check(context.Background(), []connectors.Stream{modes["page"], missing, wrong, since})
	if err != nil {
		t.Fatal(err)
	}
	failed := map[string]bool{}
	for _, f := range report.Findings {
		failed[f.Stream] = failed[f.Stream] || f.Level == connectors.Fail
	}
	if failed["s"] || !failed["missing"] || !failed["wrong"] || !failed["since"] {
		t.Errorf("%+v", report.Findings)
	}
}

func TestDiscover(t *testing.T) {
	s := newService(t, 30)
	source := s.source(t, `,"samples":["list?size=20"]`)
	drafts, err := source.Discover(context.Background())
	if err != nil || len(drafts) != 1 {
		t.Fatalf("%v %v", drafts, err)
	}
	d := drafts[0]
	var kinds []string
	for _, item := range d.Items {
		kinds = append(kinds, string(item.Name)+":"+string(item.Type))
	}
	if got := strings.Join(kinds, " "); got != "id:I amount:N who_name:C at:T" {
		t.Errorf("items %s", got)
	}
	if string(d.Options) != `{"columns":{"who_name":"who.name"},"records":"data.list"}` || len(d.Key) != 1 || d.Key[0] != "id" {
		t.Errorf("%s %v", d.Options, d.Key)
	}
	g := read(t, source, connectors.Stream{Name: "s", Object: "list", Items: d.Items, Options: d.Options}, nil)
	if len(g.rows) != 30 || !strings.Contains(g.rows[0], `"who_name":"n0"`) {
		t.Errorf("%d rows", len(g.rows))
	}
	s.rows = nil
	if _, err := source.Discover(context.Background()); datarun.KindOf(err) != datarun.Invalid {
		t.Errorf("%v", err)
	}
}
