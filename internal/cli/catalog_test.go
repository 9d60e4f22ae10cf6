package cli

import (
	"encoding/json"
	"strings"
	"testing"
)

const directory = `kind: agency
code: "11420700000099418A"
name: 鄂州市住房和城乡建设局(示例)
division: "420700"
---
kind: resource
code: 306001/000001
name: 房屋登记信息
class: [部门, 市住房和城乡建设局, 房屋管理]
provider: "11420700000099418A"
abstract: 全市房屋登记的坐落与面积
format: {category: 3, type: PostgreSQL}
items:
  - {name: house_no, title: 房屋编号, type: C, length: 20, required: true}
  - {name: area, title: 建筑面积, type: N, length: 10, scale: 2}
key: [house_no]
share: 1
method: database
open: false
cycle: 1
grade: 一般数据3级
`

// With no hub running the commands open the embedded broker themselves, one after the other.
func TestCatalogFromTheFirstFileToTheProof(t *testing.T) {
	conf := write(t, "datarun.yaml", "hub: demo\nkafka: {listen: \"127.0.0.1:0\"}\n")
	file := write(t, "directory.yaml", directory)
	steps := []struct {
		args []string
		says string
	}{
		{[]string{"apply", "--dry-run", file}, "306001/000001"},
		{[]string{"list", "-o", "json"}, "[]"},
		{[]string{"apply", file}, "applied 2 documents as change 1"},
		{[]string{"list"}, "房屋登记信息"},
		{[]string{"list", "--agencies"}, "11420700000099418A"},
		{[]string{"show", "306001/000001"}, "N(10,2)"},
		{[]string{"history", "306001/000001"}, "accepted"},
		{[]string{"verify"}, "1 changes accepted, 0 refused"},
	}
	for _, step := range steps {
		args := append([]string{"catalog"}, append(step.args, "-c", conf)...)
		code, stdout, stderr := run(t, args...)
		if code != 0 || !strings.Contains(stdout, step.says) {
			t.Fatalf("%v: exit %d, want %q in:\n%s%s", step.args, code, step.says, stdout, stderr)
		}
	}
	// The same again changes nothing.
	if _, stdout, _ := run(t, "catalog", "apply", "-c", conf, file); strings.Contains(stdout, "applied") {
		t.Errorf("applying twice:\n%s", stdout)
	}
	keyAndQuarantine(t, conf)
}

func keyAndQuarantine(t *testing.T, conf string) {
	t.Helper()
	code, key, stderr := run(t, "catalog", "key", "-c", conf, "11420700000099418A")
	if code != 0 || len(lines(key)) != 1 || len(key) < 20 {
		t.Fatalf("exit %d: no key:\n%s", code, stderr)
	}
	_, agencies, _ := run(t, "catalog", "list", "-c", conf, "--agencies", "-o", "json")
	var listed []struct {
		Keys []struct{ ID, SHA256 string }
	}
	if err := json.Unmarshal([]byte(agencies), &listed); err != nil || len(listed) != 1 || len(listed[0].Keys) != 1 {
		t.Fatalf("%v:\n%s", err, agencies)
	}
	if strings.Contains(agencies, strings.TrimSpace(key)) {
		t.Error("the key itself is in the directory")
	}
	if code, _, stderr := run(t, "catalog", "key", "-c", conf, "11420700000099418A", "--revoke", listed[0].Keys[0].ID); code != 0 {
		t.Errorf("revoke: exit %d:\n%s", code, stderr)
	}
	if code, _, _ := run(t, "catalog", "key", "-c", conf, "11420700000099426X"); code != 3 && code != 4 {
		t.Errorf("a key for an agency that is not there: exit %d", code)
	}
	if code, stdout, _ := run(t, "quarantine", "list", "-c", conf, "-o", "json"); code != 0 || strings.TrimSpace(stdout) != "[]" {
		t.Errorf("quarantine list: exit %d: %q", code, stdout)
	}
	if code, _, _ := run(t, "quarantine", "show", "-c", conf, "none"); code != 4 {
		t.Errorf("quarantine show of nothing: exit %d, want 4", code)
	}
}
