package e2e

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// demoPorts are where the demo answers; it has no others.
var demoPorts = []int{8080, 19092, 19000, 18123}

// TestDemo runs the demo as a newcomer does: it loads, stops at Ctrl-C, goes on where it was, and shows a change.
func TestDemo(t *testing.T) {
	needE2E(t)
	for _, port := range demoPorts {
		address := fmt.Sprintf("127.0.0.1:%d", port)
		err := await(time.Minute, func() bool {
			l, err := net.Listen("tcp", address)
			if err == nil {
				_ = l.Close()
			}
			return err == nil
		})
		if err != nil {
			t.Fatalf("%s is taken, and the demo has no other", address)
		}
	}
	d := &demo{hub: &hub{t: t, dir: t.TempDir(), ports: demoPorts}}
	if err := os.Chmod(filepath.Dir(d.dir), 0o755); err != nil { // for PostgreSQL, which does not run as root
		t.Fatal(err)
	}
	t.Cleanup(d.close)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the demo's output:\n%s", tail(d.path("out"), 8<<10))
		}
	})
	d.begin("any of all")
	first := d.scrape()
	d.look("张新主", false)
	d.interrupt()

	d.begin("nothing twice")
	d.settle()
	for sample, before := range first {
		if !strings.HasPrefix(sample, "datarun_records_read_total{") {
			continue
		}
		again := d.scrape()[sample]
		t.Logf("%s: %v records read at first, %v again", sample, before, again)
		if again > before/100 {
			t.Errorf("%s: %v of %v records read again after a restart", sample, again, before)
		}
	}
	out := d.command("demo", "sql", "--dir", d.path("city"),
		fmt.Sprintf("UPDATE house SET owner_name = '张新主', updated_at = CURRENT_TIMESTAMP WHERE house_no = '%s'", d.house))
	if !strings.Contains(out, "1 row changed") {
		t.Errorf("demo sql: %s", out)
	}
	began := time.Now()
	if await(20*time.Second, func() bool { return d.look("张新主", false) }) != nil {
		d.look("张新主", true)
	}
	t.Logf("the change is seen after %s, looked up by the command", time.Since(began).Round(time.Millisecond))
	if out := d.command("quarantine", "list", "-c", d.path("city", "datarun.yaml")); len(strings.Split(out, "\n")) < 10 {
		t.Errorf("quarantine list: %s", out)
	}
	d.interrupt()
}

// demo is a running datarun demo.
type demo struct {
	*hub
	house string // whose lookup it proposes
}

var (
	loaded   = regexp.MustCompile(`(\d+) records of (\d+) resources can be looked up; (\d+) broken ones are in quarantine`)
	proposed = regexp.MustCompile(`306001/000001 (EZ\S+)`)
)

// begin starts the demo and waits until it says that all is loaded and what to try.
func (d *demo) begin(what string) {
	d.t.Helper()
	_ = os.Remove(d.path("out"))
	d.started = time.Now()
	d.process = start(d.t, d.path("hub.log"), d.path("out"), "demo", "--dir", d.path("city"))
	err := await(2*time.Minute, func() bool {
		text, _ := os.ReadFile(d.path("out"))
		return !d.running() || loaded.Match(text) && strings.Contains(string(text), "Ctrl-C")
	})
	text, _ := os.ReadFile(d.path("out"))
	m, house := loaded.FindSubmatch(text), proposed.FindSubmatch(text)
	if err != nil || m == nil || house == nil {
		d.t.Fatalf("%s: %v, running: %v\n%s", what, err, d.running(), text)
	}
	d.house = string(house[1])
	d.t.Logf("after %s: %s", time.Since(d.started).Round(time.Millisecond), m[0])
	if string(m[2]) != "7" || string(m[1]) == "0" || string(m[3]) == "0" {
		d.t.Errorf("%s", m[0])
	}
	if status, body := get(d.url("/readyz")); status != http.StatusOK {
		d.t.Errorf("/readyz: %d %s", status, body)
	}
}

// interrupt is Ctrl-C.
func (d *demo) interrupt() {
	d.t.Helper()
	if code := d.stop(d.t, syscall.SIGINT); code != 0 {
		d.t.Errorf("exit code %d after SIGINT, want 0", code)
	}
	noneLeft(d.t, d.dir)
}

func (d *demo) command(args ...string) string {
	d.t.Helper()
	r := command(d.t, nil, args...)
	if r.code != 0 {
		d.t.Fatalf("datarun %v: exit code %d: %s", args, r.code, r.err)
	}
	return r.out
}

// look looks the house up with the demo's own key and reports whether the owner is the one given.
func (d *demo) look(owner string, must bool) bool {
	d.t.Helper()
	out := d.command("lookup", "-c", d.path("city", "datarun.yaml"), "--key-file", filepath.Join(d.dir, "city", "keys", "window"),
		"--purpose", "不动产登记", "--case", "EZ-2026-0001", "306001/000001", d.house)
	if !strings.Contains(out, d.house) || must && !strings.Contains(out, owner) {
		d.t.Errorf("lookup: %s", out)
	}
	return strings.Contains(out, owner)
}
