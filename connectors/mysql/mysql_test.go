package mysql

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"datarun"
	"datarun/connectors"
	"datarun/connectors/conntest"
	"datarun/internal/mariatest"
)

func TestMain(m *testing.M) { conntest.Main(m, Connector) }

func open(t testing.TB, statements string) (connectors.Source, *sql.DB, mariatest.Config) {
	t.Helper()
	c := mariatest.Start(t)
	db := mariatest.Open(t, c)
	exec(t, db, statements)
	return openOn(t, c), db, c
}

func openOn(t testing.TB, c mariatest.Config) connectors.Source {
	t.Helper()
	s, err := Connector.New(c.Settings())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func exec(t testing.TB, db *sql.DB, statements string) {
	t.Helper()
	if _, err := db.Exec(statements); err != nil {
		t.Fatalf("%.200s: %v", statements, err)
	}
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
	c := mariatest.Start(t)
	db := mariatest.Open(t, c)
	exec(t, db, `CREATE TABLE persons (id bigint AUTO_INCREMENT PRIMARY KEY, name varchar(2000), area decimal(10,2), born date, gone boolean NOT NULL DEFAULT 0,
		updated_at datetime(6) NOT NULL DEFAULT now(6) ON UPDATE now(6), KEY (updated_at))`)
	conntest.Run(t, conntest.Fixture{
		Connector: Connector,
		Settings:  c.Settings(),
		Stream: connectors.Stream{
			// The server's own zone is -05:00.
			Name: "persons", Resource: "306001/000001", Object: "persons", Options: []byte(`{"cursor":"updated_at","deleted":"gone","zone":"-05:00"}`), Key: []datarun.ItemName{"id"},
			Items: []datarun.Item{{Name: "id", Type: datarun.Integer}, {Name: "name", Type: datarun.Char}, {Name: "area", Type: datarun.Numeric, Length: 10, Scale: 2}, {Name: "born", Type: datarun.Date}},
		},
		Rows: func(t testing.TB) []string {
			rows, err := db.Query(`SELECT json_object('id', id, 'name', name, 'area', cast(area AS char), 'born', born) FROM persons WHERE NOT gone`)
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
			exec(t, db, `TRUNCATE persons; INSERT INTO persons (name, area, born) SELECT concat(repeat('姓名', 500), seq), seq / 7.0, '1990-01-01' + INTERVAL seq DAY FROM seq_1_to_600`)
		},
		Insert: func(t testing.TB) { exec(t, db, `INSERT INTO persons (name) VALUES ('𠮷"\n')`) },
		Update: func(t testing.TB) { exec(t, db, `UPDATE persons SET name = concat(name, 'x') WHERE id = 7`) },
		Delete: func(t testing.TB) { exec(t, db, `UPDATE persons SET gone = 1 WHERE NOT gone ORDER BY id LIMIT 1`) },
		Spawn:  conntest.Self(),
	})
}

func TestSnapshotThenChanges(t *testing.T) {
	for _, engine := range []string{"InnoDB", "MyISAM"} {
		t.Run(engine, func(t *testing.T) {
			s, db, c := open(t, `CREATE TABLE p (id int PRIMARY KEY, name varchar(20), gone boolean DEFAULT 0, at timestamp(3) NOT NULL DEFAULT now(3) ON UPDATE now(3), KEY (at)) ENGINE = `+engine+`;
				INSERT INTO p (id, name) SELECT seq, concat('n', seq) FROM seq_1_to_5`)
			st := stream("p", `{"cursor":"at","deleted":"gone"}`, datarun.Item{Name: "id", Type: datarun.Integer}, datarun.Item{Name: "name", Type: datarun.Char})
			st.Key = []datarun.ItemName{"id"}
			got, pos := read(t, s, st, nil)
			want(t, got, `{"id":1,"name":"n1"}`, `{"id":2,"name":"n2"}`, `{"id":3,"name":"n3"}`, `{"id":4,"name":"n4"}`, `{"id":5,"name":"n5"}`)
			got, pos = read(t, s, st, pos)
			want(t, got)
			exec(t, db, `UPDATE p SET name = 'x' WHERE id = 2; DO sleep(0.01); UPDATE p SET gone = true WHERE id = 4; DO sleep(0.01); INSERT INTO p (id) VALUES (9)`)
			got, pos = read(t, s, st, pos)
			want(t, got, `{"id":2,"name":"x"}`, `- {"id":4}`, `{"id":9,"name":null}`)
			got, _ = read(t, s, st, pos)
			want(t, got)
			if got, _ = read(t, openOn(t, c), st, pos); len(got) != 6 {
				t.Errorf("a new process emitted %d records, want the 6 in the window", len(got))
			}
		})
	}
}

// Two transactions that overlap: the one that took its number or time first commits last.
func TestLateCommit(t *testing.T) {
	for _, tt := range []struct{ name, schema, options string }{
		{"timestamp", `at timestamp(6) DEFAULT now(6)`, `{"cursor":"at"}`},
		{"datetime", `at datetime DEFAULT now()`, `{"cursor":"at","zone":"-05:00"}`},
		{"integer", `at bigint AUTO_INCREMENT UNIQUE`, `{"cursor":"at"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, db, _ := open(t, `CREATE TABLE p (id int PRIMARY KEY, `+tt.schema+`); INSERT INTO p (id) VALUES (1)`)
			st := stream("p", tt.options, datarun.Item{Name: "id", Type: datarun.Integer})
			begin := func(id int) *sql.Tx {
				t.Helper()
				tx, err := db.Begin()
				if err != nil {
					t.Fatal(err)
				}
				if _, err := tx.Exec(fmt.Sprintf(`INSERT INTO p (id) VALUES (%d)`, id)); err != nil {
					t.Fatal(err)
				}
				return tx
			}
			commit := func(tx *sql.Tx) {
				t.Helper()
				if err := tx.Commit(); err != nil {
					t.Fatal(err)
				}
			}
			late := begin(2)
			exec(t, db, `INSERT INTO p (id) VALUES (3)`)
			got, pos := read(t, s, st, nil) // the late row is open during the snapshot
			want(t, got, `{"id":1}`, `{"id":3}`)
			commit(late)
			got, pos = read(t, s, st, pos)
			want(t, got, `{"id":2}`)
			late = begin(4)
			exec(t, db, `INSERT INTO p (id) VALUES (5)`)
			got, pos = read(t, s, st, pos) // and during a poll
			want(t, got, `{"id":5}`)
			commit(late)
			got, _ = read(t, s, st, pos)
			want(t, got, `{"id":4}`)
		})
	}
}

func TestValues(t *testing.T) {
	tests := []struct {
		typ, value string
		item       datarun.ItemType
		want       string
	}{
		{"tinyint", "-128", "", `-128`},
		{"bigint", "-9223372036854775808", "", `-9223372036854775808`},
		{"bigint unsigned", "18446744073709551615", datarun.Numeric, `18446744073709551615`},
		{"int zerofill", "42", "", `42`},
		{"int", "42", datarun.Char, `"42"`},
		{"year", "2026", "", `2026`},
		{"boolean", "1", "", `true`},
		{"boolean", "0", datarun.Bool, `false`},
		{"tinyint(1)", "7", datarun.Bool, `7`},
		{"int", "1", datarun.Bool, `true`},
		{"bit(1)", "b'1'", datarun.Bool, `true`},
		{"bit(12)", "b'101000000001'", "", `2561`},
		{"decimal(65,30)", "12345678901234567890.123456789", "", `"12345678901234567890.123456789000000000000000000000"`},
		{"decimal(10,2)", "1.5", datarun.Currency, `"1.50"`},
		{"float", "0.1", "", `0.1`},
		{"float", "1234567", "", `1.234567e+06`},
		{"double", "0.1e0 + 0.2e0", "", `0.30000000000000004`},
		{"date", "'2026-01-02'", "", `"2026-01-02"`},
		{"date", "'2026-01-02'", datarun.DateTime, `"2026-01-02T00:00:00+08:00"`},
		{"date", "'0000-00-00'", datarun.Date, `"0000-00-00"`},
		{"datetime", "'0000-00-00 00:00:00'", datarun.DateTime, `"0000-00-00 00:00:00"`},
		{"datetime(6)", "'2026-01-02 03:04:05.123456'", "", `"2026-01-02T03:04:05.123456+08:00"`},
		{"datetime(6)", "'2026-01-02 03:04:05.123456'", datarun.DateTime, `"2026-01-02T03:04:05.123+08:00"`},
		{"datetime", "'1988-07-01 12:00:00'", datarun.DateTime, `"1988-07-01T12:00:00+09:00"`},
		{"datetime", "'2026-01-02 00:00:00'", datarun.Date, `"2026-01-02"`},
		{"datetime", "'2026-01-02 10:00:00'", datarun.Date, `"2026-01-02 10:00:00"`},
		{"timestamp", "'2026-01-01 22:04:05'", datarun.DateTime, `"2026-01-02T03:04:05Z"`}, // written at -05:00
		{"timestamp", "'2026-01-01 11:00:00'", datarun.Date, `"2026-01-02"`},               // midnight in China
		{"time", "'-101:02:03'", "", `"-101:02:03"`},
		{"varchar(50)", `'鄂州 𠮷 😀 "\\\t\n'`, "", `"鄂州 𠮷 😀 \"\\\t\n"`},
		{"varchar(50) CHARACTER SET gbk", "'凤凰街道'", "", `"凤凰街道"`},
		{"varchar(50) CHARACTER SET latin1", "'é'", "", `"é"`},
		{"char(5)", "'ab'", "", `"ab"`},
		{"text", "NULL", "", `null`},
		{"text", "''", "", `""`},
		{"text", "'2026-01-02 03:04:05'", datarun.DateTime, `"2026-01-02T03:04:05+08:00"`},
		{"longtext", "repeat('一', 3000)", datarun.Memo, `"` + strings.Repeat("一", 3000) + `"`},
		{"enum('ok','sad')", "'sad'", "", `"sad"`},
		{"set('a','b','c')", "'a,c'", "", `"a,c"`},
		{"json", `'{"a": 1}'`, datarun.Memo, `"{\"a\": 1}"`},
		{"binary(3)", "x'00ff5c'", "", `"AP9c"`},
		{"blob", "x'00ff5c'", "", `"AP9c"`},
		{"point", "point(1, 2)", "", `"POINT(1 2)"`},
		{"uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "", `"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"`},
		{"inet6", "'::1'", "", `"::1"`},
	}
	statements := "SET sql_mode = '', time_zone = '-05:00';"
	for i, tt := range tests {
		statements += fmt.Sprintf("CREATE TABLE t%d (id int PRIMARY KEY, v %s NULL); INSERT INTO t%d VALUES (1, %s);", i, tt.typ, i, tt.value)
	}
	s, _, _ := open(t, statements)
	for i, tt := range tests {
		got, _ := read(t, s, stream(fmt.Sprintf("t%d", i), "", datarun.Item{Name: "v", Type: tt.item}), nil)
		if len(got) != 1 || got[0] != `{"v":`+tt.want+`}` || !json.Valid([]byte(got[0])) {
			t.Errorf("%s %s for %q: %s, want %s", tt.typ, tt.value, tt.item, got, tt.want)
		}
	}
}

// Positions in terms of keys that look like SQL, or that compare by rules of their own.
func TestKeys(t *testing.T) {
	s, _, c := open(t, `SET sql_mode = '';
		CREATE TABLE p (k1 char(8), k2 decimal(20,3), k3 timestamp(1) NOT NULL, k4 binary(4), k5 bigint unsigned, k6 varchar(80) COLLATE utf8mb4_bin, k7 date, PRIMARY KEY (k1, k2, k3, k4, k5, k6, k7));
		INSERT INTO p SELECT concat('x''\\";', seq % 2), 9007199254740993 + seq % 3 / 2, '2026-01-01' + INTERVAL seq % 5 DAY, unhex(hex(0xff000000 + seq % 4)),
			18446744073709551615 - seq % 6, concat('\\''); DROP TABLE p; -- ', seq, '𠮷'), '2026-01-01' + INTERVAL seq % 1000 DAY FROM seq_1_to_25000`)
	st := stream("p", "", datarun.Item{Name: "k6", Type: datarun.Char})
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
		if rest, _ := read(t, openOn(t, c), st, pos); len(rest) != 25000-done {
			t.Errorf("after %d rows %d more, want %d", done, len(rest), 25000-done)
		}
	}
}

func TestMistakes(t *testing.T) {
	s, db, _ := open(t, `CREATE TABLE p (id int PRIMARY KEY, name text, at timestamp NULL); INSERT INTO p VALUES (1, 'a', now()); CREATE TABLE e (k enum('b','a') PRIMARY KEY)`)
	for _, tt := range []struct {
		object, options string
		kind            datarun.Kind
		names           string
	}{
		{"q", ``, datarun.NotFound, "q"},
		{"p", `{"cursor":"nix"}`, datarun.Invalid, `"nix"`},
		{"p", `{"kursor":"at"}`, datarun.Invalid, `kursor`},
		{"p", `{"cursor":"name"}`, datarun.Invalid, `"name"`},
		{"e", ``, datarun.Invalid, `"k"`},
		{"`p", ``, datarun.Invalid, `object`},
	} {
		err := s.Read(context.Background(), stream(tt.object, tt.options), nil, func(datarun.Batch) error { return nil })
		if datarun.KindOf(err) != tt.kind || !strings.Contains(fmt.Sprint(err), tt.names) {
			t.Errorf("%s %s: %v (%v), want %v naming %s", tt.object, tt.options, err, datarun.KindOf(err), tt.kind, tt.names)
		}
	}
	st := stream("p", `{"cursor":"at"}`, datarun.Item{Name: "name", Type: datarun.Char})
	_, pos := read(t, s, st, nil)
	exec(t, db, `ALTER TABLE p DROP COLUMN name`)
	err := s.Read(context.Background(), st, pos, nil)
	if datarun.KindOf(err) != datarun.Invalid || !strings.Contains(fmt.Sprint(err), `"name"`) || !strings.Contains(fmt.Sprint(err), ".p") {
		t.Errorf("a column lost: %v", err)
	}
}

func TestConnectionLost(t *testing.T) {
	s, db, c := open(t, `CREATE TABLE p (id int PRIMARY KEY, t varchar(600)); INSERT INTO p SELECT seq, repeat('x', 500) FROM seq_1_to_50000`)
	killed := false
	err := s.Read(context.Background(), stream("p", ""), nil, func(datarun.Batch) error {
		if killed {
			return nil
		}
		killed = true
		rows, err := db.Query(`SELECT id FROM information_schema.processlist WHERE db = ? AND id <> connection_id()`, c.Database)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		var ids []int
		for rows.Next() {
			var id int
			_ = rows.Scan(&id)
			ids = append(ids, id)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		for _, id := range ids {
			_, _ = db.Exec(fmt.Sprintf("KILL %d", id))
		}
		return nil
	})
	if datarun.KindOf(err) != datarun.Unavailable || err == nil {
		t.Errorf("killed: %v (%v)", err, datarun.KindOf(err))
	}
	if got, _ := read(t, s, stream("p", ""), nil); len(got) != 50000 {
		t.Errorf("after reconnecting: %d records", len(got))
	}
	ctx, cancel := context.WithCancel(context.Background())
	began := time.Now()
	err = s.Read(ctx, stream("p", ""), nil, func(datarun.Batch) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) || time.Since(began) > 5*time.Second {
		t.Errorf("cancelled: %v after %v", err, time.Since(began))
	}
	for _, raw := range []string{`{"host":"127.0.0.1","port":1,"user":"u","password":"geheim","database":"d"}`, `{"dsn":"u:geheim@tcp(127.0.0.1:1)/d"}`,
		fmt.Sprintf(`{"host":"127.0.0.1","port":%d,"user":"datarun","password":"geheim","database":"d","sslmode":"disable"}`, c.Port)} {
		s, err := Connector.New([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		err = s.Read(context.Background(), stream("p", ""), nil, nil)
		if kind := datarun.KindOf(err); (kind != datarun.Unavailable && kind != datarun.Denied) || strings.Contains(fmt.Sprintf("%v %#v", err, err), "geheim") {
			t.Errorf("%v (%v)", err, kind)
		}
		_ = s.Close()
	}
}

func TestSettings(t *testing.T) {
	for raw, name := range map[string]string{
		`{}`: "host", `{"host":"h"}`: "user", `{"host":"h","user":"u"}`: "database", `{"hosts":"h"}`: "hosts",
		`{"host":"h","user":"u","database":"d","sslmode":"allow"}`: "sslmode", `{"host":"h","user":"u","database":"d","port":70000}`: "port",
		`{"dsn":"u:geheim@tcp(h"}`: "dsn", `{"dsn":"x","host":"h"}`: "dsn", `{"host":"h","user":"u","database":"d","connections":0}`: "connections",
	} {
		_, err := Connector.New([]byte(raw))
		if datarun.KindOf(err) != datarun.Invalid || !strings.Contains(fmt.Sprint(err), name) || strings.Contains(fmt.Sprint(err), "geheim") {
			t.Errorf("%s: %v, want Invalid naming %s", raw, err, name)
		}
	}
}

func TestCheckAndDiscover(t *testing.T) {
	s, _, _ := open(t, `CREATE TABLE good (id_no char(18) PRIMARY KEY COMMENT '身份证号', area decimal(12,2), born date, del_flag tinyint(1) DEFAULT 0, big bigint unsigned,
			changed timestamp NOT NULL DEFAULT now() ON UPDATE now(), KEY (changed)) COMMENT '人口基本信息';
		CREATE TABLE poor (id int, at datetime) ENGINE = MyISAM; INSERT INTO poor VALUES (1, NULL); CREATE VIEW v AS SELECT id_no FROM good`)
	levels := func(st connectors.Stream) string {
		report, err := s.Check(context.Background(), []connectors.Stream{st})
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, f := range report.Findings[1:] {
			out = append(out, f.What+":"+string(f.Level))
		}
		return strings.Join(out, " ")
	}
	for _, tt := range []struct{ object, options, want string }{
		{"good", `{"cursor":"changed","deleted":"del_flag"}`, "table:pass key:pass cursor:pass deletes:pass"},
		{"poor", `{"key":["id"],"cursor":"at"}`, "table:pass table:warn key:fail cursor:warn cursor:warn deletes:warn"},
		{"v", `{"key":["id_no"]}`, "table:pass key:warn cursor:warn deletes:warn"},
		{"nix", `{}`, "table:fail"},
	} {
		if got := levels(stream(tt.object, tt.options)); got != tt.want {
			t.Errorf("%s %s: %s, want %s", tt.object, tt.options, got, tt.want)
		}
	}
	drafts, err := s.Discover(context.Background())
	got, _ := json.Marshal(drafts)
	wanted := `[{"object":"good","title":"人口基本信息","items":[{"name":"id_no","title":"身份证号","type":"C","length":18,"required":true},{"name":"area","type":"N","length":12,"scale":2},` +
		`{"name":"born","type":"D"},{"name":"del_flag","type":"L"},{"name":"big","type":"N","length":20},{"name":"changed","type":"T"}],"key":["id_no"],"options":{"cursor":"changed","deleted":"del_flag"}},` +
		`{"object":"poor","items":[{"name":"id","type":"I"},{"name":"at","type":"T"}]},{"object":"v","items":[{"name":"id_no","title":"身份证号","type":"C","length":18}]}]`
	if err != nil || string(got) != wanted {
		t.Errorf("%v\ngot\n%s\nwant\n%s", err, got, wanted)
	}
}

// BenchmarkScan reads from a real server, so the server's own work is in it.
func BenchmarkScan(b *testing.B) {
	const n = 200_000
	s, _, _ := open(b, fmt.Sprintf(`CREATE TABLE p (id bigint PRIMARY KEY, name varchar(50), area decimal(10,2), built date, at datetime(6), ok boolean, code char(18));
		INSERT INTO p SELECT seq, '鄂城区凤凰街道江碧路一百二十号', 128.55, '1998-05-01', '2026-01-02 10:00:00.123456', 1, '11420700009999017F' FROM seq_1_to_%d`, n))
	st := stream("p", "", datarun.Item{Name: "id", Type: datarun.Integer}, datarun.Item{Name: "name", Type: datarun.Char}, datarun.Item{Name: "area", Type: datarun.Numeric},
		datarun.Item{Name: "built", Type: datarun.Date}, datarun.Item{Name: "at", Type: datarun.DateTime}, datarun.Item{Name: "ok", Type: datarun.Bool}, datarun.Item{Name: "code", Type: datarun.Char})
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Read(context.Background(), st, nil, func(datarun.Batch) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
}
