package demo

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"datarun"
	"datarun/catalog"
	"datarun/exchange/check"
	"datarun/internal/config"
)

// directory parses the embedded documents.
func directory(t testing.TB) catalog.Docs {
	t.Helper()
	var docs catalog.Docs
	for _, name := range []string{"agencies", "resources", "grants"} {
		data, err := documents.ReadFile("catalog/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		more, err := catalog.Parse(name+".yaml", data)
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, more...)
	}
	return docs
}

// city is the configuration that a hub of the city gets.
func city(t testing.TB, housing database) *config.Config {
	t.Helper()
	p := places{dir: t.TempDir(), housing: housing, rest: "http://127.0.0.1:1"}
	path, err := p.writeConfig()
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// streams are the streams of the city by name, which is the name of their table.
func streams(cfg *config.Config) map[string]config.Stream {
	out := map[string]config.Stream{}
	for _, s := range cfg.Sources {
		for _, st := range s.Streams {
			out[st.Name] = st
		}
	}
	return out
}

// resourceOf finds the entry that a table feeds: through the configuration, or for the province, which pushes, by code.
func resourceOf(t testing.TB, table string) *datarun.Resource {
	t.Helper()
	code := datarun.ResourceCode(streams(city(t, database{driver: "sqlite"}))[table].Resource)
	if table == insured.name {
		code = "307001/000001"
	}
	for _, d := range directory(t) {
		if d.Resource != nil && d.Resource.Code == code {
			return d.Resource
		}
	}
	t.Fatalf("table %s feeds %q, which the directory does not have", table, code)
	return nil
}

// record is the i-th row as its connector hands it over: a timestamp without a zone is China's.
func (t *table) record(i int) datarun.Record {
	row := map[string]string{}
	for j, v := range t.row(i) {
		if t.columns[j].sqlType == "timestamp" {
			v = strings.Replace(v, " ", "T", 1) + "+08:00"
		}
		row[t.columns[j].name] = v
	}
	data, err := json.Marshal(row)
	if err != nil {
		panic(err) // strings always marshal
	}
	return datarun.Record{Data: data}
}

// Each table is sound but for the rows that are broken on purpose, and no two of its rows are one record: the demo
// waits until rows and quarantine add up.
func TestTablesAreSoundButForTheBrokenRows(t *testing.T) {
	t.Parallel()
	for _, tab := range allTables {
		t.Run(tab.name, func(t *testing.T) {
			t.Parallel()
			res := resourceOf(t, tab.name)
			checker, err := check.New(res)
			if err != nil {
				t.Fatal(err)
			}
			keys, faults, rules := make(map[string]bool, tab.rows), 0, map[datarun.Rule]bool{}
			var key []byte
			for i := range tab.rows {
				rec := tab.record(i)
				var fault *datarun.Fault
				key, fault = checker.Record(&rec, key[:0])
				if _, is := broken(i); is != (fault != nil) {
					t.Fatalf("row %d: broken on purpose %v, fault %+v", i, is, fault)
				}
				if fault != nil {
					faults++
					rules[fault.Rule] = true
					continue
				}
				if keys[string(key)] {
					t.Fatalf("row %d has the key of an earlier one", i)
				}
				keys[string(key)] = true
			}
			if faults != tab.rows/500 || len(keys) != tab.rows-tab.rows/500 {
				t.Errorf("%d faults, %d good rows; want %d and %d", faults, len(keys), tab.rows/500, tab.rows-tab.rows/500)
			}
			if len(rules) == 0 {
				t.Error("no rule is broken")
			}
		})
	}
}

func TestResidentsAreUniqueAndValid(t *testing.T) {
	ids := make(map[string]bool, 45_000)
	for i := range 45_000 {
		p := newPerson(i)
		if err := datarun.ValidateCode(datarun.ResidentID, p.ID); err != nil {
			t.Fatalf("resident %d: %v", i, err)
		}
		if ids[p.ID] {
			t.Fatalf("resident %d has the number of another", i)
		}
		ids[p.ID] = true
		if born := p.ID[6:10]; born >= "1900" {
			t.Fatalf("resident %d could be a real person: born %s", i, born)
		}
		if male := (p.ID[16]-'0')%2 == 1; male != (p.Sex == "男") {
			t.Fatalf("resident %d: the number and the sex disagree", i)
		}
	}
}

func TestFirmsAreUniqueAndOfTheRangeNotIssued(t *testing.T) {
	codes := map[string]bool{}
	for i := range firms.rows {
		code := creditCode(i)
		if err := datarun.ValidateCode(datarun.CreditCode, code); err != nil {
			t.Fatalf("firm %d: %v", i, err)
		}
		if codes[code] || !strings.HasPrefix(code[8:], "MA9") {
			t.Fatalf("firm %d: doubled %v, code %s", i, codes[code], code)
		}
		codes[code] = true
	}
}

// Rows must depend on their number alone: not on the order they are made in, and not on the process.
func TestSameSeedSameCity(t *testing.T) {
	for _, tab := range allTables {
		var there [][]string
		for i := range 2_000 {
			there = append(there, tab.row(i))
		}
		for i := 1_999; i >= 0; i-- {
			if again := tab.row(i); !slices.Equal(again, there[i]) {
				t.Fatalf("%s: row %d differs the second time", tab.name, i)
			}
		}
		for i, row := range there {
			if len(row) != len(tab.columns) {
				t.Fatalf("%s: row %d has %d cells of %d", tab.name, i, len(row), len(tab.columns))
			}
		}
	}
}
