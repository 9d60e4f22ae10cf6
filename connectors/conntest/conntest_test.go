package conntest_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"

	"datarun"
	"datarun/connectors/conntest"
)

func TestMain(m *testing.M) { conntest.Main(m, conntest.Journal) }

func startRows() (rows []string) {
	for i := range 20 {
		rows = append(rows, fmt.Sprintf(`{"id":%d,"name":"甲%d"}`, i, i))
	}
	return rows
}

func TestMemory(t *testing.T) {
	m := conntest.NewMemory(startRows()...)
	n := 100
	conntest.Run(t, conntest.Fixture{
		Connector: m.Connector(),
		Settings:  json.RawMessage(`{}`),
		Stream:    conntest.MemoryStream,
		Rows:      func(testing.TB) []string { return m.Rows() },
		Insert:    func(testing.TB) { n++; m.Upsert(fmt.Sprintf(`{"id":%d,"name":"new"}`, n)) },
		Update:    func(testing.TB) { n++; m.Upsert(fmt.Sprintf(`{"id":1,"name":"乙%d"}`, n)) },
		Delete:    func(testing.TB) { n++; m.Delete(fmt.Sprintf(`{"id":%d}`, n%20)) },
	})
}

func TestJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	n := 100
	add := func(t testing.TB, op datarun.Op, rows ...string) {
		if err := conntest.AppendJournal(path, op, rows...); err != nil {
			t.Fatal(err)
		}
	}
	add(t, datarun.Upsert, startRows()...)
	settings, err := json.Marshal(map[string]any{"path": path, "batch": 4})
	if err != nil {
		t.Fatal(err)
	}
	conntest.Run(t, conntest.Fixture{
		Connector: conntest.Journal,
		Settings:  settings,
		Stream:    conntest.MemoryStream,
		Rows: func(t testing.TB) []string {
			rows, err := conntest.JournalRows(path)
			if err != nil {
				t.Fatal(err)
			}
			return rows
		},
		Insert: func(t testing.TB) { n++; add(t, datarun.Upsert, fmt.Sprintf(`{"id":%d,"name":"new"}`, n)) },
		Update: func(t testing.TB) { n++; add(t, datarun.Upsert, fmt.Sprintf(`{"id":1,"name":"乙%d"}`, n)) },
		Delete: func(t testing.TB) { n++; add(t, datarun.Delete, fmt.Sprintf(`{"id":%d}`, n%20)) },
		Spawn:  conntest.Self(),
	})
}
