package postgres

import (
	"context"
	"fmt"
	"testing"

	"datarun"
	"datarun/connectors"
	"datarun/connectors/conntest"
	"datarun/internal/pgtest"
)

func TestMain(m *testing.M) { conntest.Main(m, Connector) }

func TestConformance(t *testing.T) {
	c := pgtest.Start(t)
	pgtest.Exec(t, c, `CREATE TABLE persons (id bigserial PRIMARY KEY, name text, area numeric(10,2), born date, gone bool NOT NULL DEFAULT false,
			updated_at timestamptz NOT NULL DEFAULT clock_timestamp());
		CREATE INDEX ON persons (updated_at)`)
	conntest.Run(t, conntest.Fixture{
		Connector: Connector,
		Settings:  c.Settings(),
		Stream: connectors.Stream{
			Name: "persons", Resource: "306001/000001", Object: "persons", Options: []byte(`{"cursor":"updated_at","deleted":"gone"}`), Key: []datarun.ItemName{"id"},
			Items: []datarun.Item{{Name: "id", Type: datarun.Integer}, {Name: "name", Type: datarun.Char}, {Name: "area", Type: datarun.Numeric, Length: 10, Scale: 2}, {Name: "born", Type: datarun.Date}},
		},
		Rows: func(t testing.TB) []string {
			conn := pgtest.Connect(t, c)
			defer func() { _ = conn.Close(context.Background()) }()
			result := conn.ExecParams(context.Background(), `SELECT json_build_object('id', id, 'name', name, 'area', area::text, 'born', born) FROM persons WHERE NOT gone`, nil, nil, nil, nil).Read()
			if result.Err != nil {
				t.Fatal(result.Err)
			}
			var out []string
			for _, r := range result.Rows {
				out = append(out, string(r[0]))
			}
			return out
		},
		Reset: func(t testing.TB) {
			pgtest.Exec(t, c, fmt.Sprintf(`TRUNCATE persons; INSERT INTO persons (name, area, born) SELECT repeat('姓名', 500) || i, i / 7.0, '1990-01-01'::date + i FROM generate_series(1, %d) i`, 600)) // three batches
		},
		Insert: func(t testing.TB) { pgtest.Exec(t, c, `INSERT INTO persons (name) VALUES ('𠮷"\n')`) },
		Update: func(t testing.TB) {
			pgtest.Exec(t, c, `UPDATE persons SET name = name || 'x', updated_at = clock_timestamp() WHERE id = (SELECT max(id) FROM persons)`)
		},
		Delete: func(t testing.TB) {
			pgtest.Exec(t, c, `UPDATE persons SET gone = true, updated_at = clock_timestamp() WHERE id = (SELECT min(id) FROM persons WHERE NOT gone)`)
		},
		Spawn: conntest.Self(),
	})
}
