package lookup_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"datarun"
	"datarun/warehouse/engine/enginetest"
	"datarun/warehouse/lookup"
	"datarun/warehouse/schema"
)

// TestGranularity prints the figures that chose schema.Granularity: what an insert and a lookup cost at several.
func TestGranularity(t *testing.T) {
	if os.Getenv("DATARUN_BENCH") != "1" {
		t.Skip("a measurement: DATARUN_BENCH=1 runs it")
	}
	const rows = 2_000_000
	ctx := t.Context()
	res := small()
	res.Items = append(res.Items, datarun.Item{Name: "name", Type: datarun.Char}, datarun.Item{Name: "area", Type: datarun.Numeric, Length: 12, Scale: 2}, datarun.Item{Name: "at", Type: datarun.DateTime})
	for _, granularity := range []int{128, schema.Granularity, 1024, 8192} {
		db := enginetest.Open(t)
		statements, err := schema.Plan(schema.State{}, res, schema.Place{Database: db.Database()})
		if err != nil {
			t.Fatal(err)
		}
		create := strings.Replace(statements[0], fmt.Sprintf("index_granularity = %d", schema.Granularity), fmt.Sprintf("index_granularity = %d", granularity), 1)
		if err := db.Exec(ctx, create); err != nil {
			t.Fatal(err)
		}
		table := db.Database() + "." + schema.Table(res.Code)
		began := time.Now()
		for part := range 10 {
			q := fmt.Sprintf("INSERT INTO %s (_key, _version, id, n, name, area, at) SELECT toString(cityHash64(number)) AS k, number, k, number, concat('凤凰街道', toString(number)), number / 100, toDateTime64(number, 3) FROM numbers(%d, %d) SETTINGS max_threads = 1, max_insert_threads = 1, optimize_on_insert = 0", table, part*rows/10, rows/10)
			if err := db.Exec(ctx, q); err != nil {
				t.Fatal(err)
			}
		}
		insert := time.Since(began)
		var keys []string
		if err := db.Select(ctx, fmt.Sprintf("SELECT toString(cityHash64(number * 97 %% %d)) FROM numbers(20000)", rows), func(scan func(...any) error) error {
			var k string
			err := scan(&k)
			keys = append(keys, k)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		l := lookup.New(db, lookup.Options{})
		line := fmt.Sprintf("granularity %5d: insert %7.0f rows/s", granularity, rows/insert.Seconds())
		for _, parts := range []string{"10 parts", "merged"} {
			if parts == "merged" {
				if err := db.Exec(ctx, "OPTIMIZE TABLE "+table+" FINAL"); err != nil {
					t.Fatal(err)
				}
			}
			for _, callers := range []int{1, 16, 256} {
				line += fmt.Sprintf(" | %s, %d callers: %s", parts, callers, rate(t, l, res, keys, callers))
			}
			began := time.Now()
			for i := range 10 {
				if _, _, err := l.List(ctx, res, nil, keys[i], 100); err != nil {
					t.Fatal(err)
				}
			}
			line += fmt.Sprintf(" | list of 100 in %s", (time.Since(began) / 10).Round(10*time.Microsecond))
		}
		fmt.Println(line)
	}
}

// rate is lookups of one key each per second and their median time, over about a second.
func rate(t *testing.T, l *lookup.Lookup, res *datarun.Resource, keys []string, callers int) string {
	var done atomic.Int64
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	began := time.Now()
	var g sync.WaitGroup
	for range callers {
		g.Go(func() {
			for ctx.Err() == nil {
				rows, err := l.Get(t.Context(), res, nil, []string{keys[rand.IntN(len(keys))]})
				if err != nil || !rows[0].Found {
					t.Error(rows, err)
					return
				}
				done.Add(1)
			}
		})
	}
	g.Wait()
	each := time.Since(began) * time.Duration(callers) / time.Duration(done.Load())
	return fmt.Sprintf("%.0f/s, %s", float64(done.Load())/time.Since(began).Seconds(), each.Round(10*time.Microsecond))
}
