package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"datarun/internal/pgtest"
)

// number is an integer of the environment.
func number(t *testing.T, name string, def int64) int64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return def
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// TestKill kills the hub KILLS times (10) at random moments that SEED decides, while a writer changes the source. Then
// the hub runs until it is quiet, and what it has must be what the source has: all items of all rows.
//
// The first table is large enough to be read in several lives of the hub; a second one is registered half-way, so that
// a kill meets its snapshot beside the other's changes.
func TestKill(t *testing.T) {
	needE2E(t)
	killed(t, nil, int(number(t, "KILLS", 10)))
}

// TestKillOnKafka is TestKill with half as many kills, on a Kafka that outlives the hub: what a killed hub had under way
// may still arrive there.
func TestKillOnKafka(t *testing.T) {
	needE2E(t)
	killed(t, freshKafka(t), int(number(t, "KILLS", 10)+1)/2)
}

func killed(t *testing.T, brokers []string, kills int) {
	seed := number(t, "SEED", time.Now().UnixNano()%1_000_000)
	t.Logf("KILLS=%d SEED=%d", kills, seed)
	r := rand.New(rand.NewPCG(uint64(seed), 1))
	db := newDatabase(t)
	makeHouses(db, "house", 200_000)
	makeHouses(db, "permit", 60_000)
	h := newHub(t, brokers, postgres("housing", db.config, [2]string{"house", houses}, [2]string{"permit", permits}))
	h.serve()
	h.apply(agencyDocs(), resourceDoc(houses, "房屋", housing, houseItems))
	w := startWriter(t, db.config, seed)
	for i := range kills {
		h.killAt(i, r)
		h.launch()
		if i == kills/2 {
			h.ready()
			h.apply(agencyDocs(), resourceDoc(houses, "房屋", housing, houseItems), resourceDoc(permits, "许可", housing, houseItems))
		}
	}
	t.Logf("the writer made %s", w.stop())
	h.ready()
	if await(time.Minute, func() bool { return h.scrape().sum("stream_healthy") == 2 }) != nil {
		t.Errorf("%v healthy streams, want 2", h.scrape().sum("stream_healthy"))
	}
	h.settle()
	for code, table := range map[string]string{houses: "house", permits: "permit"} {
		want := db.houses(table)
		have, doubled := h.view(code, houseColumns)
		d := compare(want, have, doubled)
		t.Logf("%s after %d kills: %d rows in the source, %d in the warehouse: %s", table, kills, len(want), len(have), d)
		if !d.none() {
			t.Errorf("%s is not what the source has", table)
		}
	}
	if _, report := h.ledger(); report.Break != nil {
		t.Errorf("the ledger's chain: %+v", report.Break)
	}
	h.must("catalog", "verify")
	h.end()
}

// killAt kills the hub at a random moment from 50 ms to 3 s, rather sooner than later: every other time counted from its
// start, so that it may not be ready yet, else from when it was ready.
func (h *hub) killAt(i int, r *rand.Rand) {
	h.t.Helper()
	late := r.Float64()
	wait := 50*time.Millisecond + time.Duration(late*late*float64(2950*time.Millisecond))
	from := "the start"
	if i%2 == 0 {
		h.ready()
		from = "ready"
	}
	if i%4 == 2 { // on a Kafka that outlives the hub, a partition goes to the new one when the old one's session is over
		began := time.Now()
		if await(30*time.Second, func() bool { return h.scrape().sum("rows_landed_total") > 0 }) != nil {
			h.t.Error("nothing has landed")
		}
		from = fmt.Sprintf("the first landing, %s after ready,", time.Since(began).Round(time.Millisecond))
	}
	select {
	case <-time.After(wait):
	case <-h.done:
		h.t.Fatalf("the hub ended by itself with exit code %d", h.code)
	}
	m := h.scrape()
	h.t.Logf("kill %d, %s after %s: %v records read, %v rows landed in this life", i+1, wait.Round(time.Millisecond), from,
		m.sum("records_read_total"), m.sum("rows_landed_total"))
	h.kill()
}

// writer changes both tables until it is stopped.
type writer struct {
	t          *testing.T
	fast, slow *pgconn.PgConn
	quit       chan struct{}
	over       sync.WaitGroup
	once       sync.Once
	counts     [5]int // transactions of run by what they did
	late       int    // transactions of commitLate
}

func startWriter(t *testing.T, c pgtest.Config, seed int64) *writer {
	t.Helper()
	w := &writer{t: t, fast: pgtest.Connect(t, c), slow: pgtest.Connect(t, c), quit: make(chan struct{})}
	for _, conn := range []*pgconn.PgConn{w.fast, w.slow} {
		if _, err := conn.Exec(context.Background(), "SET application_name = 'writer'").ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
	w.over.Go(func() { w.run(rand.New(rand.NewPCG(uint64(seed), 2))) })
	w.over.Go(func() { w.commitLate(rand.New(rand.NewPCG(uint64(seed), 3))) })
	t.Cleanup(func() { w.stop() })
	return w
}

// pause waits and reports whether the writer is to go on.
func (w *writer) pause(d time.Duration) bool {
	select {
	case <-w.quit:
		return false
	case <-time.After(d):
		return true
	}
}

func (w *writer) run(r *rand.Rand) {
	for i := 0; w.pause(time.Duration(r.IntN(6)) * time.Millisecond); i++ {
		what, statement := statement(i, r)
		if _, err := w.fast.Exec(context.Background(), statement).ReadAll(); err != nil {
			w.t.Errorf("writer: %v", err)
			return
		}
		w.counts[what]++
	}
}

// commitLate writes rows whose cursor is up to three seconds old when they can be seen.
func (w *writer) commitLate(r *rand.Rand) {
	for i := 0; w.pause(time.Duration(r.IntN(200)) * time.Millisecond); i++ {
		insert := fmt.Sprintf("BEGIN; INSERT INTO house (no, owner, owner_id, updated_at) VALUES ('L%d', '迟', '%s', %s)", i, residentID(i), now)
		_, err := w.slow.Exec(context.Background(), insert).ReadAll()
		w.pause(time.Duration(r.IntN(3000)) * time.Millisecond)
		if err == nil {
			_, err = w.slow.Exec(context.Background(), "COMMIT").ReadAll()
		}
		if err != nil {
			w.t.Errorf("writer: %v", err)
			return
		}
		w.late++
	}
}

// statement is one transaction: a new row, some changed ones, some deleted, some that come back; or all connections to
// the source but the writer's are cut.
func statement(i int, r *rand.Rand) (what int, sql string) {
	table := []string{"house", "permit"}[r.IntN(2)]
	some := fmt.Sprintf("no IN ('EZ%08d', 'EZ%08d', 'W%d')", r.IntN(120_000), r.IntN(60_000), r.IntN(i+1))
	switch p := r.IntN(1000); {
	case p < 400:
		return 0, fmt.Sprintf("INSERT INTO %s (no, owner, owner_id, area, note, updated_at) VALUES ('W%d', '新', '%s', %d.25, 'n%d', %s)", table, i, residentID(i), i%1000, i, now)
	case p < 800:
		return 1, fmt.Sprintf("UPDATE %s SET price = %d, note = 'changed %d', updated_at = %s WHERE %s", table, r.IntN(1e6), i, now, some)
	case p < 930:
		return 2, fmt.Sprintf("UPDATE %s SET gone = true, updated_at = %s WHERE %s", table, now, some)
	case p < 998:
		return 3, fmt.Sprintf("UPDATE %s SET gone = false, owner = '又', updated_at = %s WHERE gone AND no > 'EZ%08d' AND no < 'EZ%08d'", table, now, 1000*(i%100), 1000*(i%100)+500)
	}
	return 4, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name <> 'writer'"
}

// stop ends the writer and says what it did.
func (w *writer) stop() string {
	w.once.Do(func() { close(w.quit) })
	w.over.Wait()
	_, _ = w.fast.Close(context.Background()), w.slow.Close(context.Background())
	return fmt.Sprintf("%d inserts, %d updates, %d deletes, %d returns, %d late commits, cut all connections %d times",
		w.counts[0], w.counts[1], w.counts[2], w.counts[3], w.late, w.counts[4])
}
