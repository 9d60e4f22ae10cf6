package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"datarun/internal/app"
	"datarun/internal/need"
	"datarun/internal/pgtest"
	"datarun/warehouse"
)

// tableRows is how many rows the PostgreSQL table has.
const tableRows = 5_000_000

const tableDDL = `CREATE TABLE house (id bigint PRIMARY KEY, owner varchar(50) NOT NULL, code varchar(18), area numeric(10,2), built date, changed timestamptz NOT NULL, sold boolean);
INSERT INTO house SELECT i, '业主' || i, '4207' || lpad(mod(i * 7919, 100000000000000)::text, 14, '0'), mod(i, 30000) / 100.0, date '1990-01-01' + mod(i, 12000)::int,
  timestamptz '2026-01-01 00:00:00+08' + i * interval '1 second', mod(i, 3) = 0 FROM generate_series(1::bigint, %d) i;
CREATE INDEX ON house (changed); ANALYZE house;`

const tableEntry = `kind: agency
code: "11420700000099418A"
name: 鄂州市住房和城乡建设局(示例)
---
kind: resource
code: 306001/000009
name: 房屋
class: [部门, 市住房和城乡建设局]
provider: "11420700000099418A"
abstract: 测量用
format: {category: 3, type: PostgreSQL}
items:
  - {name: id, type: I, required: true}
  - {name: owner, type: C, length: 50, required: true}
  - {name: code, type: C, length: 18}
  - {name: area, type: N, length: 10, scale: 2}
  - {name: built, type: D}
  - {name: changed, type: T, required: true}
  - {name: sold, type: L}
key: [id]
share: 1
method: database
cycle: 1
grade: 一般数据1级
`

const hubConfig = `hub: bench
data: data
log: {level: warn}
portal: {listen: "127.0.0.1:0"}
kafka: {listen: "127.0.0.1:0"}
clickhouse: {listen: "127.0.0.1:0", http: "127.0.0.1:0"}
sources:
  - name: housing
    connector: postgres
    settings: {dsn: "%s"}
    streams:
      - {name: house, resource: 306001/000009, object: public.house, options: {cursor: changed}}
`

// hub is a hub that runs as a process of its own, so that its memory is its own.
type hub struct {
	binary, config, data string
	cmd                  *exec.Cmd
	db                   *warehouse.DB
	http                 string
	password             string
}

// TestBenchHub lands a PostgreSQL table of tableRows rows through the whole hub, and the same table through a pipe of
// psql COPY into INSERT FORMAT CSV on the hub's own engine.
func TestBenchHub(t *testing.T) {
	if os.Getenv("DATARUN_BENCH") != "1" {
		t.Skip("make bench runs this")
	}
	psql := need.Program(t, "psql")
	pg := pgtest.Start(t)
	pgtest.Exec(t, pg, fmt.Sprintf(tableDDL, tableRows))
	h := startHub(t, pg.DSN())

	pipe := h.pipe(t, psql, pg.DSN())
	h.run(t, "catalog", "apply", "-c", h.config, h.file(t, "entry.yaml", tableEntry))
	began := time.Now()
	h.await(t, "v_306001_000009")
	whole := time.Since(began)
	rate := func(d time.Duration) float64 { return tableRows / d.Seconds() }
	fmt.Printf("\n(b) PostgreSQL table of %d rows × 7 columns to ClickHouse\n\n| path | seconds | rows/s | ratio |\n|---|---|---|---|\n", tableRows)
	fmt.Printf("| psql COPY → INSERT FORMAT CSV | %.1f | %.0f | 1.00 |\n", pipe.Seconds(), rate(pipe))
	fmt.Printf("| the whole hub | %.1f | %.0f | %.2f |\n", whole.Seconds(), rate(whole), rate(whole)/rate(pipe))
	for pid, name := range h.processes(t) {
		fmt.Printf("\n%s: peak resident memory %d MB, processor time %.1f s\n", name, peakMB(pid), cpuSeconds(pid))
	}
}

func startHub(t *testing.T, dsn string) *hub {
	t.Helper()
	dir := t.TempDir()
	h := &hub{binary: filepath.Join(dir, "datarun"), data: filepath.Join(dir, "data")}
	build := exec.Command("go", "build", "-o", h.binary, "datarun/cmd/datarun")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	h.config = filepath.Join(dir, "datarun.yaml")
	if err := os.WriteFile(h.config, fmt.Appendf(nil, hubConfig, dsn), 0o600); err != nil {
		t.Fatal(err)
	}
	h.cmd = exec.Command(h.binary, "serve", "-c", h.config)
	h.cmd.Stderr, h.cmd.SysProcAttr = os.Stderr, &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = h.cmd.Process.Signal(syscall.SIGTERM)
		_ = h.cmd.Wait()
	})
	h.open(t)
	return h
}

// open waits for the hub and connects to its engine.
func (h *hub) open(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for time.Now().Before(deadline) {
		time.Sleep(100 * time.Millisecond)
		a, err := app.ReadAddresses(h.data)
		if err != nil {
			continue
		}
		secret, err := os.ReadFile(filepath.Join(h.data, "clickhouse", "password"))
		if err != nil {
			continue
		}
		h.http, h.password = a.HTTP, strings.TrimSpace(string(secret))
		h.db, err = warehouse.Open(context.Background(), warehouse.Config{Addr: []string{a.ClickHouse}, User: "datarun", Password: warehouse.Secret(h.password)})
		if err == nil {
			t.Cleanup(func() { _ = h.db.Close() })
			return
		}
	}
	t.Fatal("the hub did not come up")
}

// pipe is what a data centre would script: psql's COPY as the body of an INSERT.
func (h *hub) pipe(t *testing.T, psql, dsn string) time.Duration {
	t.Helper()
	ctx := context.Background()
	if err := h.db.Exec(ctx, `CREATE TABLE datarun.piped (id Int64, owner String, code Nullable(String), area Nullable(Decimal(10,2)), built Nullable(Date32), changed DateTime64(3,'Asia/Shanghai'), sold Nullable(Bool)) ENGINE = MergeTree ORDER BY id`); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	cmd := exec.Command(psql, dsn, "-qAtc", "COPY house TO STDOUT (FORMAT csv)")
	cmd.Env = append(os.Environ(), "PGOPTIONS=-c datestyle=ISO")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, "http://"+h.http+"/?date_time_input_format=best_effort&bool_true_representation=t&bool_false_representation=f&query=INSERT+INTO+datarun.piped+FORMAT+CSV", out)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("datarun", h.password)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(res.Body, 1<<10))
		t.Fatalf("insert: %s %s", res.Status, text)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	h.await(t, "piped")
	return time.Since(began)
}

// await returns when the table or view has all rows.
func (h *hub) await(t *testing.T, table string) {
	t.Helper()
	deadline := time.Now().Add(15 * time.Minute)
	for time.Now().Before(deadline) {
		// The count of a table of versions is cheap and counts nothing twice here: no key comes twice.
		counted := strings.Replace(table, "v_", "r_", 1)
		var n uint64
		_ = h.db.Select(context.Background(), "SELECT count() FROM datarun."+counted, func(scan func(...any) error) error { return scan(&n) })
		if n >= tableRows {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s has not got its rows in time", table)
}

func (h *hub) file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(filepath.Dir(h.config), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func (h *hub) run(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command(h.binary, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
}

// processes are the hub and its children, by process id.
func (h *hub) processes(t *testing.T) map[int]string {
	t.Helper()
	out := map[int]string{h.cmd.Process.Pid: "the hub"}
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", h.cmd.Process.Pid))
	for _, task := range tasks {
		b, _ := os.ReadFile(task)
		for _, field := range strings.Fields(string(b)) {
			pid, _ := strconv.Atoi(field)
			name := "a connector"
			if line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); strings.Contains(string(line), "engine-host") || strings.Contains(string(line), "clickhouse") {
				name = "the engine"
			}
			out[pid] = name
		}
	}
	return out
}

// cpuSeconds is the processor time a process has used, user and system.
func cpuSeconds(pid int) float64 {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) / 100 // clock ticks of Linux are hundredths
}

// peakMB is the most resident memory a process has had, in MB.
func peakMB(pid int) int {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")))
			return kb / 1024
		}
	}
	return 0
}
