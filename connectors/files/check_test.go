package files

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"datarun"
	"datarun/connectors"
)

func TestCheck(t *testing.T) {
	d := newDrop(t, "")
	d.put("p-1.csv", "id,name,born,at\n1,2,,\n")
	d.put("q.csv", "id\n1\n")
	before := d.ls()
	report, err := d.source.Check(context.Background(), []connectors.Stream{
		{Name: "good", Object: "p-*.csv", Items: items},
		{Name: "bad", Object: "q.csv", Items: items},
		{Name: "both", Object: "*.csv"},
		{Name: "none", Object: "*.xlsx"},
		{Name: "out", Object: "../*"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]connectors.Level{"good": connectors.Pass, "bad": connectors.Fail, "both": connectors.Fail, "none": connectors.Warn, "out": connectors.Fail}
	for stream, level := range want {
		found := false
		for _, f := range report.Findings {
			found = found || f.Stream == stream && f.Level == level
		}
		if !found {
			t.Errorf("%s is not %s: %+v", stream, level, report.Findings)
		}
	}
	if d.ls() != before || report.OK() {
		t.Errorf("check changed something or passed: %s", d.ls())
	}
	s, err := New([]byte(`{"folder":"/does/not/exist"}`))
	if err != nil {
		t.Fatal(err)
	}
	if report, err := s.Check(context.Background(), nil); err != nil || report.OK() {
		t.Errorf("%+v %v", report, err)
	}
	if err := s.Read(context.Background(), csvStream(""), nil, nil); datarun.KindOf(err) != datarun.Unavailable {
		t.Errorf("%v", err)
	}
}

func TestDiscover(t *testing.T) {
	d := newDrop(t, "")
	d.put("人员-20240101.csv", gbk(t, "身份证号,姓名,出生日期,人数\n420704188001010016,张三,1880/1/1,3\n42070218850615002X,李四,1885/6/15,2\n"))
	d.put("人员-20240102.csv", "broken\"\n")
	d.put("t.csv", "a b;n\nx;1.5\n")
	d.put("l.jsonl", "{\"id\":7,\"v\":true}\n")
	streamed(t, filepath.Join(d.dir, "b.xlsx"), 10)
	drafts, err := d.source.Discover(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var objects []string
	for _, draft := range drafts {
		objects = append(objects, draft.Object)
	}
	if got := strings.Join(objects, " "); got != "b.xlsx l.jsonl t.csv 人员-*.csv" {
		t.Fatalf("objects %s", got)
	}
	people := drafts[3]
	if people.Title != "人员" || len(people.Items) != 4 || people.Items[0].Code != datarun.ResidentID || people.Items[2].Type != datarun.Date || people.Items[3].Type != datarun.Integer {
		t.Errorf("%+v", people)
	}
	if len(people.Key) != 1 || people.Key[0] != "身份证号" {
		t.Errorf("key %v", people.Key)
	}
	if string(drafts[2].Options) != `{"columns":{"a_b":"a b"},"delimiter":";"}` {
		t.Errorf("options %s", drafts[2].Options)
	}
	// A draft reads what it was made from.
	g := d.read(connectors.Stream{Name: "t", Object: drafts[2].Object, Items: drafts[2].Items, Options: drafts[2].Options}, nil)
	wantRows(t, g, `{"a_b":"x","n":"1.5"}`)
}
