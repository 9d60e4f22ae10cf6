package sqlite

import (
	"context"
	"database/sql"
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

// database makes a file and returns it open for writing, and the settings for it.
func database(t testing.TB, statements string) (*sql.DB, json.RawMessage) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a ?#%25.db") // characters that mean something in a URI
	db, err := sql.Open("sqlite", "file:"+strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23", " ", "%20").Replace(path)+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	exec(t, db, statements)
	settings, _ := json.Marshal(map[string]string{"path": path})
	return db, settings
}

func exec(t testing.TB, db *sql.DB, statements string) {
	t.Helper()
	if _, err := db.Exec(statements); err != nil {
		t.Fatalf("%.200s: %v", statements, err)
	}
}

func open(t testing.TB, settings json.RawMessage) connectors.Source {
	t.Helper()
	s, err := Connector.New(settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func stream(object, options string, items ...datarun.Item) connectors.Stream {
	return connectors.Stream{Name: "s", Resource: "306001/000001", Object: object, Options: json.RawMessage(options), Items: items}
}

func read(t testing.TB, s connectors.Source, st connectors.Stream, pos datarun.Position) (out []string, end datarun.Position) {
	t.Helper()
	end = pos
	err := s.Read(context.Background(), st, pos, func(b datarun.Batch) error {
		for _, r := range b.Records {
			line := string(r.Data)
			if r.Op == datarun.Delete {
				line = "- " + line
			}
			if r.Fault != nil {
				line = fmt.Sprintf("! %s %s", r.Fault.Rule, r.Fault.Item)
			}
			out = append(out, line)
		}
		end = b.Position
		return nil
	})
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	return out, end
}

func want(t *testing.T, got []string, wanted ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(wanted, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(wanted, "\n"))
	}
}

func TestConformance(t *testing.T) {
	for _, mode := range []string{"wal", "delete"} {
		t.Run(mode, func(t *testing.T) {
			db, settings := database(t, `PRAGMA journal_mode = `+mode+`; CREATE TABLE persons (id INTEGER PRIMARY KEY, name TEXT, area DECIMAL(10,2), gone BOOLEAN NOT NULL DEFAULT 0,
				updated_at DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f'))); CREATE INDEX at ON persons (updated_at)`)
			conntest.Run(t, conntest.Fixture{
				Connector: Connector,
				Settings:  settings,
				Stream: connectors.Stream{
					Name: "persons", Resource: "306001/000001", Object: "persons", Options: []byte(`{"cursor":"updated_at","deleted":"gone","zone":"UTC"}`), Key: []datarun.ItemName{"id"},
					Items: []datarun.Item{{Name: "id", Type: datarun.Integer}, {Name: "name", Type: datarun.Char}, {Name: "area", Type: datarun.Numeric, Length: 10, Scale: 2}},
				},
				Rows: func(t testing.TB) []string {
					rows, err := db.Query(`SELECT json_object('id', id, 'name', name, 'area', area) FROM persons WHERE NOT gone`)
					if err != nil {
						t.Fatal(err)
					}
					defer func() { _ = rows.Close() }()
					var out []string
					for rows.Next() {
						var s string
						if err := rows.Scan(&s); err != nil {
							t.Fatal(err)
						}
						out = append(out, s)
					}
					if err := rows.Err(); err != nil {
						t.Fatal(err)
					}
					return out
				},
				Reset: func(t testing.TB) {
					exec(t, db, `DELETE FROM persons; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600)
						INSERT INTO persons (id, name, area) SELECT i, replace(hex(zeroblob(500)), '00', '姓名') || i, i / 4.0 + 0.25 FROM n`)
				},
				Insert: func(t testing.TB) { exec(t, db, `INSERT INTO persons (name) VALUES ('𠮷"'||char(10))`) },
				Update: func(t testing.TB) {
					exec(t, db, `UPDATE persons SET name = name || 'x', updated_at = strftime('%Y-%m-%d %H:%M:%f') WHERE id = 7`)
				},
				Delete: func(t testing.TB) {
					exec(t, db, `UPDATE persons SET gone = 1, updated_at = strftime('%Y-%m-%d %H:%M:%f') WHERE id = (SELECT min(id) FROM persons WHERE NOT gone)`)
				},
				Spawn: conntest.Self(),
			})
		})
	}
}

func TestValues(t *testing.T) {
	tests := []struct {
		typ, value string
		item       datarun.ItemType
		want       string
	}{
		{"INTEGER", "-9223372036854775808", "", `-9223372036854775808`},
		{"INTEGER", "42", datarun.Char, `"42"`},
		{"INTEGER", "'x'", datarun.Integer, `"x"`},
		{"INTEGER", "1.5", datarun.Integer, `1.5`},
		{"BOOLEAN", "1", "", `true`},
		{"BOOLEAN", "0", datarun.Bool, `false`},
		{"BOOLEAN", "'ja'", datarun.Bool, `"ja"`},
		{"REAL", "0.1", "", `0.1`},
		{"REAL", "9e999", "", `range`},
		{"DECIMAL(20,2)", "'12.50'", "", `"12.5"`}, // SQLite itself made a number of it
		{"DECIMAL(20,2)", "1e15", datarun.Numeric, `"1000000000000000"`},
		{"TEXT", "'12345678901234567890.10'", datarun.Numeric, `"12345678901234567890.10"`},
		{"TEXT", "'𠮷 \"' || char(9) || char(1)", "", `"𠮷 \"\t\u0001"`},
		{"TEXT", "CAST(x'61ff' AS TEXT)", "", `syntax`},
		{"TEXT", "NULL", "", `null`},
		{"DATE", "'2026-01-02'", datarun.Date, `"2026-01-02"`},
		{"DATE", "'2026/1/2'", datarun.Date, `"2026/1/2"`},
		{"DATETIME", "'2026-01-02 03:04:05.6789'", datarun.DateTime, `"2026-01-02T03:04:05.678+08:00"`},
		{"DATETIME", "'2026-01-02T03:04:05Z'", datarun.DateTime, `"2026-01-02T03:04:05Z"`},
		{"DATETIME", "'2026-01-02 03:04:05+0800'", "", `"2026-01-02T03:04:05+08:00"`},
		{"DATETIME", "'2026-01-02'", datarun.DateTime, `"2026-01-02T00:00:00+08:00"`},
		{"DATETIME", "'soon'", datarun.DateTime, `"soon"`},
		{"TIMESTAMP", "1767294245", datarun.DateTime, `"2026-01-01T19:04:05Z"`},
		{"TIMESTAMP", "1767294245678", datarun.DateTime, `"2026-01-01T19:04:05.678Z"`},
		{"TEXT", "'2026-01-02 03:04:05'", datarun.DateTime, `"2026-01-02T03:04:05+08:00"`},
		{"JSON", `'{"a": [1, 2]}'`, datarun.General, `{"a": [1, 2]}`},
		{"JSON", `'{"a": '`, datarun.General, `"{\"a\": "`},
		{"JSON", `'1,"w":2'`, datarun.General, `"1,\"w\":2"`},
		{"BLOB", "x'00ff5c'", "", `"AP9c"`},
		{"TEXT", "x'00'", "", `"AA=="`},
		{"", "'untyped'", "", `"untyped"`},
	}
	statements := ""
	for i, tt := range tests {
		statements += fmt.Sprintf("CREATE TABLE t%d (id INTEGER PRIMARY KEY, v %s); INSERT INTO t%d VALUES (1, %s);", i, tt.typ, i, tt.value)
	}
	_, settings := database(t, statements)
	s := open(t, settings)
	for i, tt := range tests {
		got, _ := read(t, s, stream(fmt.Sprintf("t%d", i), "", datarun.Item{Name: "v", Type: tt.item}), nil)
		wanted := `{"v":` + tt.want + `}`
		if tt.want == "range" || tt.want == "syntax" {
			wanted = "! " + tt.want + " v"
		}
		if len(got) != 1 || got[0] != wanted {
			t.Errorf("%s %s for %q: %s, want %s", tt.typ, tt.value, tt.item, got, wanted)
		}
	}
}

// Keys whose columns hold values of several kinds, and text that compares without case.
func TestKeys(t *testing.T) {
	_, settings := database(t, `CREATE TABLE p (k NOT NULL, n TEXT COLLATE NOCASE NOT NULL, PRIMARY KEY (k, n));
		WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 24999)
		INSERT INTO p SELECT CASE i % 4 WHEN 0 THEN i WHEN 1 THEN i / 3.0 WHEN 2 THEN 'T''' || i ELSE CAST('b' || i AS BLOB) END, CASE i % 2 WHEN 0 THEN 'a' ELSE 'B' END || i FROM n`)
	s := open(t, settings)
	st := stream("p", "", datarun.Item{Name: "n", Type: datarun.Char})
	var positions []datarun.Position
	var counts []int
	err := s.Read(context.Background(), st, nil, func(b datarun.Batch) error {
		positions, counts = append(positions, b.Position), append(counts, len(b.Records))
		return nil
	})
	if err != nil || len(counts) < 3 {
		t.Fatalf("%v, %d batches", err, len(counts))
	}
	done := 0
	for i, pos := range positions {
		done += counts[i]
		if rest, _ := read(t, open(t, settings), st, pos); len(rest) != 25000-done {
			t.Errorf("after %d rows %d more", done, len(rest))
		}
	}
}

// Late commits cannot overlap in SQLite, which has one writer; but a time may lie behind. Epochs in a column of any type.
func TestBehindTheCursor(t *testing.T) {
	for _, tt := range []struct{ typ, first, behind, options string }{
		{"TEXT", "'2026-01-02T10:00:00'", "'2026-01-02T09:59:55'", `{"cursor":"at"}`},
		{"DATETIME", "'2026-01-02 10:00:00'", "'2026-01-02 09:59:55'", `{"cursor":"at","window":"5s"}`},
		{"DATETIME", "1767294245", "1767294240", `{"cursor":"at"}`},
		{"INTEGER", "5000", "4500", `{"cursor":"at"}`},
		{"INTEGER", "5000", "4995", `{"cursor":"at","window":"5s"}`},
	} {
		t.Run(tt.typ, func(t *testing.T) {
			db, settings := database(t, fmt.Sprintf(`CREATE TABLE p (id INTEGER PRIMARY KEY, at %s); INSERT INTO p VALUES (1, %s)`, tt.typ, tt.first))
			s := open(t, settings)
			st := stream("p", tt.options, datarun.Item{Name: "id", Type: datarun.Integer})
			_, pos := read(t, s, st, nil)
			exec(t, db, `INSERT INTO p VALUES (2, `+tt.behind+`)`)
			got, pos := read(t, s, st, pos)
			want(t, got, `{"id":2}`)
			got, _ = read(t, s, st, pos)
			want(t, got)
		})
	}
}

// The application must be able to write while the hub is slow to take.
func TestWritersDoNotWait(t *testing.T) {
	for _, mode := range []string{"wal", "delete"} {
		db, settings := database(t, `PRAGMA journal_mode = `+mode+`; PRAGMA busy_timeout = 0; CREATE TABLE p (id INTEGER PRIMARY KEY, v TEXT);
			WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) INSERT INTO p SELECT i, 'x' FROM n`)
		seen := 0
		err := open(t, settings).Read(context.Background(), stream("p", ""), nil, func(b datarun.Batch) error {
			seen += len(b.Records)
			_, err := db.Exec(`UPDATE p SET v = 'y' WHERE id = 1`)
			return err
		})
		if err != nil || seen != 30000 {
			t.Errorf("%s: %v, %d rows", mode, err, seen)
		}
	}
}

func TestBadFiles(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, kind := range map[string]datarun.Kind{text: datarun.Invalid, filepath.Join(dir, "none.db"): datarun.NotFound, dir: datarun.Invalid} {
		settings, _ := json.Marshal(map[string]string{"path": path})
		s := open(t, settings)
		err := s.Read(context.Background(), stream("p", ""), nil, nil)
		if err == nil || datarun.KindOf(err) != kind {
			t.Errorf("%s: %v (%v), want %v", path, err, datarun.KindOf(err), kind)
		}
		if report, err := s.Check(context.Background(), nil); err != nil || report.OK() {
			t.Errorf("%s: check: %v, %v", path, err, report)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "none.db")); err == nil {
		t.Error("the file was created")
	}
	for raw, name := range map[string]string{`{}`: "path", `{"pfad":"x"}`: "pfad", `{"path":"x","busy_timeout":5}`: "want a string"} {
		if _, err := Connector.New([]byte(raw)); datarun.KindOf(err) != datarun.Invalid || !strings.Contains(fmt.Sprint(err), name) {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

func TestColumnLost(t *testing.T) {
	db, settings := database(t, `CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT)`)
	s := open(t, settings)
	st := stream("p", `{"full_every":"1m"}`, datarun.Item{Name: "name", Type: datarun.Char})
	read(t, s, st, nil)
	exec(t, db, `ALTER TABLE p DROP COLUMN name`)
	err := s.Read(context.Background(), st, nil, nil)
	if datarun.KindOf(err) != datarun.Invalid || !strings.Contains(fmt.Sprint(err), `"name"`) || !strings.Contains(fmt.Sprint(err), "table p") {
		t.Errorf("got %v", err)
	}
}

func TestDiscover(t *testing.T) {
	_, settings := database(t, `CREATE TABLE shops (uscc VARCHAR(18) PRIMARY KEY NOT NULL, capital DECIMAL(18,2), open BOOLEAN, update_time DATETIME DEFAULT CURRENT_TIMESTAMP, del_flag INT);
		CREATE VIEW v AS SELECT uscc FROM shops; CREATE VIEW broken AS SELECT * FROM gone_table`)
	drafts, err := open(t, settings).Discover(context.Background())
	got, _ := json.Marshal(drafts)
	wanted := `[{"object":"shops","items":[{"name":"uscc","type":"C","length":18,"required":true},{"name":"capital","type":"N","length":18,"scale":2},{"name":"open","type":"L"},` +
		`{"name":"update_time","type":"T"},{"name":"del_flag","type":"I"}],"key":["uscc"],"options":{"cursor":"update_time","deleted":"del_flag","zone":"UTC"}},` +
		`{"object":"v","items":[{"name":"uscc","type":"C","length":18}]}]`
	if err != nil || string(got) != wanted {
		t.Errorf("%v\ngot\n%s\nwant\n%s", err, got, wanted)
	}
}
