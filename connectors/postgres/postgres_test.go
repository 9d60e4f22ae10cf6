package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"datarun"
	"datarun/connectors"
	"datarun/internal/pgtest"
)

// open makes a source on a fresh database after running sql in it.
func open(t testing.TB, sql string) (connectors.Source, pgtest.Config) {
	t.Helper()
	c := pgtest.Start(t)
	pgtest.Exec(t, c, sql)
	return openOn(t, c), c
}

func openOn(t testing.TB, c pgtest.Config) connectors.Source {
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

func stream(object, options string, items ...datarun.Item) connectors.Stream {
	return connectors.Stream{Name: "s", Resource: "306001/000001", Object: object, Options: json.RawMessage(options), Items: items}
}

// read reads until nothing more comes and returns the batches.
func read(t testing.TB, s connectors.Source, st connectors.Stream, pos datarun.Position) (batches []datarun.Batch, end datarun.Position) {
	t.Helper()
	end = pos
	err := s.Read(context.Background(), st, pos, func(b datarun.Batch) error {
		batches = append(batches, b)
		end = b.Position
		return nil
	})
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	return batches, end
}

func lines(batches []datarun.Batch) []string {
	var out []string
	for _, b := range batches {
		for _, r := range b.Records {
			s := string(r.Data)
			if r.Op == datarun.Delete {
				s = "- " + s
			}
			if r.Fault != nil {
				s = fmt.Sprintf("! %s %s", r.Fault.Rule, r.Fault.Item)
			}
			out = append(out, s)
		}
	}
	return out
}

func want(t *testing.T, got []string, wanted ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(wanted, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(wanted, "\n"))
	}
}

func TestSnapshotThenChanges(t *testing.T) {
	s, c := open(t, `CREATE TABLE p (id int PRIMARY KEY, name text, gone bool DEFAULT false, at timestamptz DEFAULT now());
		CREATE INDEX ON p (at);
		INSERT INTO p (id, name) SELECT i, 'n' || i FROM generate_series(1, 5) i`)
	st := stream("p", `{"cursor":"at","deleted":"gone"}`, datarun.Item{Name: "id", Type: datarun.Integer}, datarun.Item{Name: "name", Type: datarun.Char})
	st.Key = []datarun.ItemName{"id"}
	got, pos := read(t, s, st, nil)
	want(t, lines(got), `{"id":1,"name":"n1"}`, `{"id":2,"name":"n2"}`, `{"id":3,"name":"n3"}`, `{"id":4,"name":"n4"}`, `{"id":5,"name":"n5"}`)
	got, pos = read(t, s, st, pos)
	want(t, lines(got))
	pgtest.Exec(t, c, `UPDATE p SET name = 'x', at = now() WHERE id = 2; UPDATE p SET gone = true, at = now() WHERE id = 4; INSERT INTO p VALUES (9, NULL)`)
	got, pos = read(t, s, st, pos)
	want(t, lines(got), `{"id":2,"name":"x"}`, `- {"id":4}`, `{"id":9,"name":null}`)
	got, _ = read(t, s, st, pos)
	if len(got) != 0 {
		t.Errorf("an idle poll emitted %d batches", len(got))
	}
	// A new process knows no hashes: the window comes again, nothing else.
	got, _ = read(t, openOn(t, c), st, pos)
	if n := len(lines(got)); n != 6 {
		t.Errorf("a new process emitted %d records, want the 6 in the window", n)
	}
}

// A change within the resolution of the cursor leaves key and cursor as they were: only the rest of the row tells.
func TestSameCursorTwice(t *testing.T) {
	s, c := open(t, `CREATE TABLE p (id int PRIMARY KEY, name text, at timestamp(0) NOT NULL); INSERT INTO p VALUES (1, 'a', '2026-01-01 10:00:00')`)
	st := stream("p", `{"cursor":"at"}`)
	_, pos := read(t, s, st, nil)
	pgtest.Exec(t, c, `UPDATE p SET name = 'b'`)
	got, _ := read(t, s, st, pos)
	want(t, lines(got), `{"id":1,"name":"b","at":"2026-01-01T10:00:00+08:00"}`)
}

// Two transactions that overlap: the one that took its time first commits last. Its row lies behind the cursor.
func TestLateCommit(t *testing.T) {
	for _, tt := range []struct{ name, schema, options string }{
		{"timestamp", `at timestamptz DEFAULT clock_timestamp()`, `{"cursor":"at"}`},
		{"zoneless", `at timestamp DEFAULT (clock_timestamp() AT TIME ZONE 'Asia/Shanghai')`, `{"cursor":"at"}`},
		{"integer", `at bigserial`, `{"cursor":"at"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, c := open(t, `CREATE TABLE p (id int PRIMARY KEY, `+tt.schema+`); INSERT INTO p (id) VALUES (1)`)
			st := stream("p", tt.options, datarun.Item{Name: "id", Type: datarun.Integer})
			slow, quick := pgtest.Connect(t, c), pgtest.Connect(t, c)
			do := func(sql string) {
				t.Helper()
				conn := slow
				if strings.HasPrefix(sql, "quick ") {
					conn, sql = quick, sql[6:]
				}
				if _, err := conn.Exec(context.Background(), sql).ReadAll(); err != nil {
					t.Fatal(err)
				}
			}
			do(`BEGIN; INSERT INTO p (id) VALUES (2)`)
			do(`quick INSERT INTO p (id) VALUES (3)`)
			got, pos := read(t, s, st, nil) // the late row is open during the snapshot
			want(t, lines(got), `{"id":1}`, `{"id":3}`)
			do(`COMMIT`)
			got, pos = read(t, s, st, pos)
			want(t, lines(got), `{"id":2}`)
			do(`BEGIN; INSERT INTO p (id) VALUES (4)`)
			do(`quick INSERT INTO p (id) VALUES (5)`)
			got, pos = read(t, s, st, pos) // and during a poll
			want(t, lines(got), `{"id":5}`)
			do(`COMMIT`)
			got, _ = read(t, s, st, pos)
			want(t, lines(got), `{"id":4}`)
			_ = slow.Close(context.Background())
			_ = quick.Close(context.Background())
		})
	}
}

// A snapshot that is broken off goes on after any position it gave, and what changed before that place in the meantime
// comes with the changes.
func TestResume(t *testing.T) {
	s, c := open(t, `CREATE TABLE p (a text, b int, v int, at timestamptz DEFAULT now(), PRIMARY KEY (a, b));
		INSERT INTO p SELECT chr(19968 + i % 7) || '''\' || i % 3, i, 0 FROM generate_series(1, 35000) i`)
	st := stream("p", `{"cursor":"at"}`, datarun.Item{Name: "a", Type: datarun.Char}, datarun.Item{Name: "b", Type: datarun.Integer}, datarun.Item{Name: "v", Type: datarun.Integer})
	stop := errors.New("stop")
	var positions []datarun.Position
	err := s.Read(context.Background(), st, nil, func(b datarun.Batch) error {
		positions = append(positions, b.Position)
		if len(positions) == 3 {
			return stop
		}
		return nil
	})
	if err != stop {
		t.Fatalf("Read returned %v, want what emit did", err)
	}
	pgtest.Exec(t, c, `UPDATE p SET v = 1, at = clock_timestamp() WHERE b <= 7`)
	all, _ := read(t, openOn(t, c), st, nil)
	if n := len(lines(all)); n < 35000 {
		t.Fatalf("all: %d records", n)
	}
	for i, pos := range positions {
		state := map[string]int{}
		got, _ := read(t, openOn(t, c), st, pos)
		for _, b := range got {
			for _, r := range b.Records {
				var row struct {
					A    string
					B, V int
				}
				if err := json.Unmarshal(r.Data, &row); err != nil {
					t.Fatal(err)
				}
				state[fmt.Sprint(row.A, row.B)] = row.V
			}
		}
		changed := 0
		for _, v := range state {
			changed += v
		}
		if least := 35000 - (i+1)*10000; len(state) < least || changed != 7 {
			t.Errorf("from position %d: %d rows, want at least %d; %d changed, want 7", i, len(state), least, changed)
		}
		if len(pos) > 1000 {
			t.Errorf("position of %d bytes", len(pos))
		}
	}
}

func TestNoCursor(t *testing.T) {
	s, c := open(t, `CREATE TABLE p (id int PRIMARY KEY); INSERT INTO p VALUES (1)`)
	st := stream("p", "")
	got, pos := read(t, s, st, nil)
	want(t, lines(got), `{"id":1}`)
	pgtest.Exec(t, c, `INSERT INTO p VALUES (2)`)
	got, pos = read(t, s, st, pos)
	want(t, lines(got))
	var m map[string]any
	if err := json.Unmarshal(pos, &m); err != nil {
		t.Fatal(err)
	}
	m["full"] = time.Now().Add(-25 * time.Hour).Format(time.RFC3339)
	pos, _ = json.Marshal(m)
	got, _ = read(t, s, st, pos)
	want(t, lines(got), `{"id":1}`, `{"id":2}`)
}

func TestView(t *testing.T) {
	s, _ := open(t, `CREATE TABLE p (id int, n int); INSERT INTO p SELECT i / 3, i FROM generate_series(0, 29999) i;
		CREATE VIEW v AS SELECT * FROM p`)
	st := stream("v", ``, datarun.Item{Name: "id", Type: datarun.Integer}, datarun.Item{Name: "n", Type: datarun.Integer})
	st.Key = []datarun.ItemName{"id"}
	var first datarun.Position
	stop := errors.New("stop")
	_ = s.Read(context.Background(), st, nil, func(b datarun.Batch) error { first = b.Position; return stop })
	got, _ := read(t, s, st, first)
	seen := map[string]bool{}
	for _, l := range lines(got) {
		seen[l] = true
	}
	if len(seen) < 20000 || len(seen) > 20006 || !seen[`{"id":3333,"n":9999}`] {
		t.Errorf("%d rows after the first batch of a view whose key is not unique", len(seen))
	}
}

func TestNothingThere(t *testing.T) {
	s, _ := open(t, `CREATE TABLE p (id int PRIMARY KEY, at timestamptz)`)
	got, pos := read(t, s, stream("p", `{"cursor":"at"}`), nil)
	if len(lines(got)) != 0 || len(pos) == 0 {
		t.Errorf("an empty table: %d records, position %q", len(lines(got)), pos)
	}
	tests := []struct {
		object, options string
		kind            datarun.Kind
		names           string
	}{
		{"q", ``, datarun.NotFound, "q"},
		{"p", `{"cursor":"nix"}`, datarun.Invalid, `"nix"`},
		{"p", `{"columns":{"x":"nix"}}`, datarun.Invalid, `"nix"`},
		{"p", `{"kursor":"at"}`, datarun.Invalid, `kursor`},
		{"p", `{"zone":"Mars"}`, datarun.Invalid, `Mars`},
		{"p", `{"cursor":"at","window":5}`, datarun.Invalid, `window`},
		{"p", `{"cursor":"id","window":"5s"}`, datarun.Invalid, `window`},
		{`"p`, ``, datarun.Invalid, `object`},
	}
	for _, tt := range tests {
		err := s.Read(context.Background(), stream(tt.object, tt.options), nil, func(datarun.Batch) error { return nil })
		if datarun.KindOf(err) != tt.kind || !strings.Contains(fmt.Sprint(err), tt.names) {
			t.Errorf("%s %s: %v (%v), want %v naming %s", tt.object, tt.options, err, datarun.KindOf(err), tt.kind, tt.names)
		}
	}
	err := s.Read(context.Background(), stream("p", ``), []byte(`{"phase":"x"}`), nil)
	if datarun.KindOf(err) != datarun.Invalid {
		t.Errorf("a strange position: %v", err)
	}
}

func TestColumnLost(t *testing.T) {
	s, c := open(t, `CREATE TABLE p (id int PRIMARY KEY, name text, at timestamptz DEFAULT now()); INSERT INTO p VALUES (1, 'a'); CREATE TABLE q (id int PRIMARY KEY)`)
	st := stream("p", `{"cursor":"at"}`, datarun.Item{Name: "id", Type: datarun.Integer}, datarun.Item{Name: "name", Type: datarun.Char})
	_, pos := read(t, s, st, nil)
	pgtest.Exec(t, c, `ALTER TABLE p DROP COLUMN name`)
	err := s.Read(context.Background(), st, pos, func(datarun.Batch) error { return nil })
	if datarun.KindOf(err) != datarun.Invalid || !strings.Contains(err.Error(), "public.p") || !strings.Contains(err.Error(), `"name"`) {
		t.Errorf("got %v", err)
	}
	read(t, s, stream("q", ""), nil) // the source lives on
}

func TestConnectionLost(t *testing.T) {
	s, c := open(t, `CREATE TABLE p (id int PRIMARY KEY, t text); INSERT INTO p SELECT i, repeat('x', 500) FROM generate_series(1, 50000) i`)
	err := s.Read(context.Background(), stream("p", ""), nil, func(datarun.Batch) error {
		pgtest.Exec(t, c, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		return nil
	})
	if datarun.KindOf(err) != datarun.Unavailable {
		t.Errorf("killed: %v (%v)", err, datarun.KindOf(err))
	}
	if got, _ := read(t, s, stream("p", ""), nil); len(lines(got)) != 50000 {
		t.Errorf("after reconnecting: %d records", len(lines(got)))
	}
	ctx, cancel := context.WithCancel(context.Background())
	began := time.Now()
	err = s.Read(ctx, stream("p", ""), nil, func(datarun.Batch) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) || time.Since(began) > 5*time.Second {
		t.Errorf("cancelled: %v after %v", err, time.Since(began))
	}
}

func TestUnreachable(t *testing.T) {
	for _, raw := range []string{
		`{"host":"127.0.0.1","port":1,"user":"u","password":"geheim","database":"d"}`,
		`{"dsn":"postgres://u:geheim@127.0.0.1:1/d"}`,
		`{"dsn":"host=127.0.0.1 port=1 user=u password=geheim dbname=d"}`,
	} {
		s, err := Connector.New([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		err = s.Read(context.Background(), stream("p", ""), nil, nil)
		if datarun.KindOf(err) != datarun.Unavailable || strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), "geheim") {
			t.Errorf("%v (%v)", err, datarun.KindOf(err))
		}
		report, err := s.Check(context.Background(), nil)
		if err != nil || report.OK() || strings.Contains(fmt.Sprint(report), "geheim") {
			t.Errorf("check: %v %v", report, err)
		}
	}
}

func TestSettings(t *testing.T) {
	for raw, name := range map[string]string{
		`{}`: "host", `{"host":"h"}`: "user", `{"host":"h","user":"u"}`: "database", `{"hosts":"h"}`: "hosts",
		`{"host":"h","user":"u","database":"d","sslmode":"no"}`: "sslmode", `{"host":"h","user":"u","database":"d","port":0}`: "port",
		`{"dsn":"postgres://u:geheim@h:port/d"}`: "dsn", `{"dsn":"x","host":"h"}`: "dsn", `[]`: "settings", `{"host":1}`: "host",
		`{"host":"h","user":"u","database":"d","connections":-1}`: "connections",
	} {
		_, err := Connector.New([]byte(raw))
		if datarun.KindOf(err) != datarun.Invalid || !strings.Contains(fmt.Sprint(err), name) || strings.Contains(fmt.Sprint(err), "geheim") {
			t.Errorf("%s: %v, want Invalid naming %s", raw, err, name)
		}
	}
}

func TestCheck(t *testing.T) {
	s, _ := open(t, `CREATE TABLE good (id int PRIMARY KEY, gone bool, at timestamptz NOT NULL); CREATE INDEX ON good (at);
		CREATE TABLE poor (id int, at timestamptz); INSERT INTO poor VALUES (1, NULL), (2, now());
		CREATE VIEW v AS SELECT * FROM poor; CREATE ROLE nobody`)
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
		{"good", `{"cursor":"at","deleted":"gone"}`, "table:pass key:pass cursor:pass deletes:pass"},
		{"good", `{}`, "table:pass key:pass cursor:warn deletes:warn"},
		{"poor", `{"key":["id"],"cursor":"at"}`, "table:pass key:fail cursor:warn cursor:warn deletes:warn"},
		{"poor", `{"cursor":"at"}`, "columns:fail"},
		{"v", `{"key":["id"],"cursor":"at"}`, "table:pass key:warn cursor:warn deletes:warn"},
		{"good", `{"cursor":"gone"}`, "columns:fail"},
		{"nix", `{}`, "table:fail"},
	} {
		if got := levels(stream(tt.object, tt.options)); got != tt.want {
			t.Errorf("%s %s: %s, want %s", tt.object, tt.options, got, tt.want)
		}
	}
}

func TestDiscover(t *testing.T) {
	s, _ := open(t, `CREATE TABLE persons (id_no char(18) PRIMARY KEY, name varchar(50), area numeric(12,2), born date, "2nd-name" text,
			tags text[], is_deleted bool, created_at timestamp, updated_at timestamp);
		COMMENT ON TABLE persons IS '人口基本信息'; COMMENT ON COLUMN persons.name IS '姓名';
		CREATE SCHEMA other; CREATE TABLE other."a.b" (id int)`)
	drafts, err := s.Discover(context.Background())
	if err != nil || len(drafts) != 2 {
		t.Fatalf("%v, %v", drafts, err)
	}
	got, _ := json.Marshal(drafts)
	wanted := `[{"object":"other.\"a.b\"","items":[{"name":"id","type":"I"}]},` +
		`{"object":"persons","title":"人口基本信息","items":[{"name":"id_no","type":"C","length":18,"required":true},{"name":"name","title":"姓名","type":"C","length":50},` +
		`{"name":"area","type":"N","length":12,"scale":2},{"name":"born","type":"D"},{"name":"c2nd_name","type":"M"},{"name":"tags","type":"G"},` +
		`{"name":"is_deleted","type":"L"},{"name":"created_at","type":"T"},{"name":"updated_at","type":"T"}],"key":["id_no"],` +
		`"options":{"columns":{"c2nd_name":"2nd-name"},"cursor":"updated_at","deleted":"is_deleted"}}]`
	if string(got) != wanted {
		t.Errorf("got\n%s\nwant\n%s", got, wanted)
	}
	for _, d := range drafts[1:] { // a draft can be read as it is
		read(t, s, connectors.Stream{Name: "d", Object: d.Object, Options: d.Options, Items: d.Items, Key: d.Key}, nil)
	}
}

// With every slot taken by a stream that the hub does not take from, others wait, and Check still answers.
func TestSlots(t *testing.T) {
	c := pgtest.Start(t)
	pgtest.Exec(t, c, `CREATE TABLE p (id int PRIMARY KEY); INSERT INTO p VALUES (1)`)
	settings := strings.Replace(string(c.Settings()), `{`, `{"connections":1,`, 1)
	s, err := Connector.New([]byte(settings))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	err = s.Read(context.Background(), stream("p", ""), nil, func(datarun.Batch) error {
		report, err := s.Check(context.Background(), []connectors.Stream{stream("p", "")})
		if err != nil || !report.OK() {
			t.Errorf("check beside a read: %v, %v", err, report)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		if err := s.Read(ctx, stream("p", ""), nil, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a second read: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
