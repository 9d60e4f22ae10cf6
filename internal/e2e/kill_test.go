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
	db         *database
	quit, over chan struct{}
	once       sync.Once
	counts     [4]int // transactions by what they did
}

func startWriter(t *testing.T, c pgtest.Config, seed int64) *writer {
	t.Helper()
	w := &writer{db: &database{t: t, config: c, conn: pgtest.Connect(t, c)}, quit: make(chan struct{}), over: make(chan struct{})}
	go w.run(rand.New(rand.NewPCG(uint64(seed), 2)))
	t.Cleanup(func() { w.stop() })
	return w
}

func (w *writer) run(r *rand.Rand) {
	defer close(w.over)
	for i := 0; ; i++ {
		select {
		case <-w.quit:
			return
		case <-time.After(time.Duration(r.IntN(6)) * time.Millisecond):
		}
		if err := w.write(i, r); err != nil {
			w.db.t.Errorf("writer: %v", err)
			return
		}
	}
}

// write is one transaction: a few new rows, some changed ones, some deleted, or some that come back.
func (w *writer) write(i int, r *rand.Rand) error {
	table := []string{"house", "permit"}[r.IntN(2)]
	some := fmt.Sprintf("no IN ('EZ%08d', 'EZ%08d', 'W%d')", r.IntN(120_000), r.IntN(60_000), r.IntN(i+1))
	var what int
	switch p := r.IntN(100); {
	case p < 40:
		what = 0
	case p < 80:
		what = 1
	case p < 93:
		what = 2
	default:
		what = 3
	}
	statement := []string{
		fmt.Sprintf("INSERT INTO %s (no, owner, owner_id, area, note, updated_at) VALUES ('W%d', '新', '%s', %d.25, 'n%d', %s)", table, i, residentID(i), i%1000, i, now),
		fmt.Sprintf("UPDATE %s SET price = %d, note = 'changed %d', updated_at = %s WHERE %s", table, r.IntN(1e6), i, now, some),
		fmt.Sprintf("UPDATE %s SET gone = true, updated_at = %s WHERE %s", table, now, some),
		fmt.Sprintf("UPDATE %s SET gone = false, owner = '又', updated_at = %s WHERE gone AND no > 'EZ%08d' AND no < 'EZ%08d'", table, now, 1000*(i%100), 1000*(i%100)+500),
	}[what]
	_, err := w.db.conn.Exec(context.Background(), statement).ReadAll()
	w.counts[what]++
	return err
}

// stop ends the writer and says what it did.
func (w *writer) stop() string {
	w.once.Do(func() { close(w.quit) })
	<-w.over
	_ = w.db.conn.Close(context.Background())
	return fmt.Sprintf("%d inserts, %d updates, %d deletes, %d returns", w.counts[0], w.counts[1], w.counts[2], w.counts[3])
}
