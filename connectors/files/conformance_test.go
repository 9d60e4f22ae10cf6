package files

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"datarun"
	"datarun/connectors"
	"datarun/connectors/conntest"
)

func TestMain(m *testing.M) { conntest.Main(m, Connector) }

// TestConformance runs the suite on every format. A full file of more than one batch is there first; changes come as
// further files.
func TestConformance(t *testing.T) {
	columns := []datarun.Item{{Name: "id", Type: datarun.Char}, {Name: "name", Type: datarun.Char}, {Name: "born", Type: datarun.Date}}
	for name, write := range map[string]func(t testing.TB, path string, rows [][2]string){
		"utf8.csv":   writeCSV(func(_ testing.TB, s string) string { return s }),
		"gbk.csv":    writeCSV(gbk),
		"book.xlsx":  writeBook,
		"lines.json": writeLines,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			var now [][2]string
			rows := 50
			if name == "utf8.csv" || name == "lines.json" {
				rows = batchRecords + 500 // more than one batch; for the others TestXLSXResume has them
			}
			files := 0
			put := func(t testing.TB, rows [][2]string) {
				files++
				base, extension, _ := strings.Cut(name, ".")
				write(t, filepath.Join(dir, fmt.Sprintf("%s-%04d.%s", base, files, extension)), rows)
			}
			folder, _ := json.Marshal(dir)
			stream := connectors.Stream{Name: "s", Object: "*" + filepath.Ext(name), Items: columns, Key: []datarun.ItemName{"id"}}
			missing := stream
			missing.Object = "../elsewhere"
			conntest.Run(t, conntest.Fixture{
				Connector: Connector,
				Settings:  json.RawMessage(`{"settle":"0s","folder":` + string(folder) + `}`),
				Stream:    stream,
				Missing:   missing,
				Spawn:     conntest.Self(),
				Rows: func(testing.TB) []string {
					out := make([]string, len(now))
					for i, row := range now {
						out[i] = fmt.Sprintf(`{"id":%q,"name":%q,"born":"2024-01-02"}`, row[0], row[1])
					}
					return out
				},
				Reset: func(t testing.TB) {
					entries, err := os.ReadDir(dir)
					for _, entry := range entries {
						err = os.RemoveAll(filepath.Join(dir, entry.Name()))
					}
					if err != nil {
						t.Fatal(err)
					}
					now = nil
					for i := range rows {
						now = append(now, [2]string{fmt.Sprintf("%018d", i), "张三"})
					}
					put(t, now)
				},
				Insert: func(t testing.TB) {
					now = append(now, [2]string{fmt.Sprint("new", files), "李四"})
					put(t, now[len(now)-1:])
				},
				Update: func(t testing.TB) {
					now[7][1] += "丰"
					put(t, now[7:8])
				},
			})
		})
	}
}

func writeCSV(encode func(testing.TB, string) string) func(testing.TB, string, [][2]string) {
	return func(t testing.TB, path string, rows [][2]string) {
		t.Helper()
		var b strings.Builder
		b.WriteString("born,id,name\n")
		for _, row := range rows {
			fmt.Fprintf(&b, "2024/1/2,%s,\"%s\"\r\n", row[0], row[1])
		}
		if err := os.WriteFile(path, []byte(encode(t, b.String())), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func writeLines(t testing.TB, path string, rows [][2]string) {
	t.Helper()
	var b strings.Builder
	for _, row := range rows {
		fmt.Fprintf(&b, "{\"more\":1,\"id\":%q,\"name\":%q,\"born\":\"20240102\"}\n", row[0], row[1])
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func writeBook(t testing.TB, path string, rows [][2]string) {
	t.Helper()
	cells := [][]any{{"id", "born", "name"}}
	for _, row := range rows {
		cells = append(cells, []any{row[0], "2024年1月2日", row[1]})
	}
	book(t, path, cells)
}
