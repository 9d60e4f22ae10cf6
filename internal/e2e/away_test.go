package e2e

import (
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestAway halts the engine, and then Apache Kafka, for some seconds, as a machine does that swaps. Meanwhile /readyz
// names it and a lookup says 503; afterwards everything goes on by itself and nothing is lost.
func TestAway(t *testing.T) {
	needE2E(t)
	db := newDatabase(t)
	makeHouses(db, "house", 2000)
	h := newHub(t, freshKafka(t), postgres("housing", db.config, [2]string{"house", houses}))
	h.serve()
	h.apply(agencyDocs(), resourceDoc(houses, "房屋", housing, houseItems))
	h.loaded(map[string]int{houses: 2000})
	_ = h.key(window)
	engine, ok := child(h.pid(), "engine-host")
	if !ok {
		t.Fatal("the hub has no engine")
	}
	for part, pid := range map[string]int{"clickhouse": engine.pid, "kafka": java(t)} {
		halt(t, pid)
		db.exec("UPDATE house SET note = 'while away', updated_at = " + now + " WHERE no LIKE 'EZ000001%'")
		var status int
		var body string
		if await(10*time.Second, func() bool {
			status, body = get(h.url("/readyz"))
			return status == http.StatusServiceUnavailable && strings.Contains(body, `"`+part+`"`)
		}) != nil {
			t.Errorf("%s does not answer: /readyz says %d %s", part, status, body)
		}
		if part == "clickhouse" { // without Kafka the ledger is tried for half a minute
			if status, body := h.ask(window, houses+"/lookup", request{Keys: []string{"EZ00000001"}}); status != http.StatusServiceUnavailable {
				t.Errorf("lookup without the engine: %d %s", status, body)
			}
		}
		began := time.Now()
		_ = syscall.Kill(pid, syscall.SIGCONT)
		h.ready()
		h.settle()
		t.Logf("%s answers again, at rest after %s", part, time.Since(began).Round(time.Millisecond))
		h.same(houses, db, "house")
	}
	h.end()
}

// halt stops a process for the time being; it goes on at the end of the test at the latest.
func halt(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGCONT) })
}

// java is the Apache Kafka that the tests of this binary share.
func java(t *testing.T) int {
	t.Helper()
	for _, p := range ours("kafka.Kafka") {
		if p.ppid == os.Getpid() && strings.Contains(p.args[0], "java") {
			return p.pid
		}
	}
	t.Fatal("no Kafka runs")
	return 0
}
