package app

import (
	"fmt"
	"testing"

	"datarun"
)

var houseEntry = datarun.Resource{
	Code: "306001/000001", Name: "房屋登记信息", Key: []datarun.ItemName{"no"}, Partitions: 2,
	Items: []datarun.Item{
		{Name: "no", Type: datarun.Char, Length: 10, Required: true},
		{Name: "owner", Type: datarun.Char, Length: 20, Required: true},
	},
}

func houseFlow(t testing.TB) *flow {
	t.Helper()
	f, err := newFlow(&houseEntry, 7)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func house(no, owner string) datarun.Record {
	return datarun.Record{Data: fmt.Appendf(nil, `{"no":%q,"owner":%q}`, no, owner)}
}

func TestFlowCheck(t *testing.T) {
	f := houseFlow(t)
	var records []datarun.Record
	var wantKeys []string
	wantFaults := 0
	for i := range 3_000 {
		key := fmt.Sprint(i * i) // keys of many lengths
		switch i % 7 {
		case 3:
			records = append(records, house(key, "")) // required
			wantFaults++
			continue
		case 5:
			records = append(records, datarun.Record{Op: datarun.Delete, Data: fmt.Appendf(nil, `{"no":%q}`, key)})
		default:
			records = append(records, house(key, "张三"))
		}
		wantKeys = append(wantKeys, key)
	}
	envs, faults := f.check("push/x", records)
	if len(envs) != len(wantKeys) || len(faults) != wantFaults {
		t.Fatalf("%d envelopes and %d faults, want %d and %d", len(envs), len(faults), len(wantKeys), wantFaults)
	}
	for i := range records {
		if _, ok := faults[i]; ok != (i%7 == 3) {
			t.Fatalf("record %d: fault %v", i, ok)
		}
	}
	ids := map[string]bool{}
	for i, e := range envs {
		if e.Key != wantKeys[i] {
			t.Fatalf("envelope %d has key %s, want %s", i, e.Key, wantKeys[i])
		}
		if e.ID == "" || ids[e.ID] {
			t.Fatalf("envelope %d: id %q was given before", i, e.ID)
		}
		ids[e.ID] = true
		if (e.Op == datarun.Delete) != (e.Value == nil) {
			t.Fatalf("envelope %d: op %v with a value of %d bytes", i, e.Op, len(e.Value))
		}
		if e.Resource != houseEntry.Code || e.Source != "push/x" || e.Schema != 7 || e.Time.IsZero() {
			t.Fatalf("envelope %d: %+v", i, e)
		}
	}
	again, _ := f.check("push/x", records)
	for _, e := range again {
		if ids[e.ID] {
			t.Fatal("a second batch gives the ids of the first")
		}
	}
}

func TestNewFlowOfAnEntryWithoutKey(t *testing.T) {
	broken := houseEntry
	broken.Key = nil
	if _, err := newFlow(&broken, 1); datarun.KindOf(err) != datarun.Invalid || err == nil {
		t.Errorf("%v, want invalid", err)
	}
}

// Whoever waits for a change is woken by every kind of change.
func TestFlowsTell(t *testing.T) {
	fs := &flows{}
	for name, change := range map[string]func(){
		"put": func() { fs.put(houseFlow(t)) }, "drop": func() { fs.drop(houseEntry.Code) },
	} {
		one, two := fs.change(), fs.change()
		change()
		<-one
		<-two
		select {
		case <-fs.change():
			t.Errorf("%s: the next change is told before it happened", name)
		default:
		}
	}
	fs.put(houseFlow(t))
	if fs.resource(houseEntry.Code) == nil || fs.resource("306001/000002") != nil {
		t.Error("the wrong resources have flows")
	}
}
