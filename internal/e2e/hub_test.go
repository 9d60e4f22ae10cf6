package e2e

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hub is a datarun serve with a folder and ports of its own, which stay the same over its restarts.
type hub struct {
	*process
	t       *testing.T
	dir     string
	brokers []string // of a real Kafka; none: the embedded broker
	ports   []int    // portal, Kafka, ClickHouse native, ClickHouse HTTP
	keys    map[string]string
	started time.Time
}

// newHub writes datarun.yaml with the given sources, and the directory's documents. Nothing runs yet.
func newHub(t *testing.T, brokers []string, sources string) *hub {
	t.Helper()
	h := &hub{t: t, dir: t.TempDir(), brokers: brokers, ports: freePorts(t, 4), keys: map[string]string{}}
	kafka := fmt.Sprintf("listen: 127.0.0.1:%d", h.ports[1])
	if len(brokers) > 0 {
		kafka = "brokers: [" + strings.Join(brokers, ", ") + "]"
	}
	h.write("datarun.yaml", fmt.Sprintf(`hub: e2e
data: data
portal: {listen: 127.0.0.1:%d}
kafka:
  %s
clickhouse: {listen: 127.0.0.1:%d, http: 127.0.0.1:%d, memory: 2GiB}
sources:
%s`, h.ports[0], kafka, h.ports[2], h.ports[3], sources))
	t.Cleanup(h.close)
	return h
}

// freePorts returns ports that nobody listens on, below those that the system hands out for connections: a hub that is
// down for a moment finds them again.
func freePorts(t *testing.T, n int) []int {
	t.Helper()
	var ports []int
	for len(ports) < n {
		port := 20_000 + rand.IntN(12_000)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		defer func() { _ = l.Close() }()
		ports = append(ports, port)
	}
	return ports
}

func (h *hub) path(parts ...string) string {
	return filepath.Join(append([]string{h.dir}, parts...)...)
}

func (h *hub) write(name, text string) string {
	h.t.Helper()
	if err := os.WriteFile(h.path(name), []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
	return h.path(name)
}

// launch starts the hub and does not wait.
func (h *hub) launch() {
	h.t.Helper()
	h.started = time.Now()
	h.process = start(h.t, h.path("hub.log"), h.path("hub.out"), "serve", "-c", h.path("datarun.yaml"))
}

// serve starts the hub and returns when it is ready.
func (h *hub) serve() {
	h.t.Helper()
	h.launch()
	h.ready()
}

// ready waits until /readyz says yes.
func (h *hub) ready() {
	h.t.Helper()
	var last string
	err := await(90*time.Second, func() bool {
		if !h.running() {
			h.t.Fatalf("the hub ended by itself with exit code %d", h.code)
		}
		status, body := get(h.url("/readyz"))
		last = fmt.Sprintf("%d %s", status, body)
		return status == http.StatusOK
	})
	if err != nil {
		h.t.Fatalf("not ready: %s", last)
	}
	h.t.Logf("ready after %s", time.Since(h.started).Round(time.Millisecond))
}

func (h *hub) url(path string) string { return fmt.Sprintf("http://127.0.0.1:%d%s", h.ports[0], path) }

// close ends what still runs and shows the hub's words when the test failed.
func (h *hub) close() {
	if h.process != nil && h.running() {
		h.kill()
	}
	noneLeft(h.t, h.dir)
	if h.t.Failed() {
		for _, name := range []string{"hub.log", "data/clickhouse/engine.log"} {
			h.t.Logf("%s:\n%s", name, tail(h.path(name), 16<<10))
		}
	}
}

// tail returns the end of a file, without the lines that tell of requests.
func tail(path string, most int) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	var kept []string
	for line := range strings.Lines(string(b)) {
		if !strings.Contains(line, "msg=request ") {
			kept = append(kept, line)
		}
	}
	text := strings.Join(kept, "")
	return text[max(0, len(text)-most):]
}

// end stops the hub as a service manager does, and wants exit code 0.
func (h *hub) end() {
	h.t.Helper()
	h.t.Logf("most memory held: hub %s", peak(h.pid()))
	if code := h.stop(h.t, syscall.SIGTERM); code != 0 {
		h.t.Errorf("exit code %d after SIGTERM, want 0", code)
	}
	noneLeft(h.t, h.dir)
}

// peak is the most memory that a process ever held, as the kernel tells it.
func peak(pid int) string {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(line)
}

// run runs a command on the hub's configuration.
func (h *hub) run(args ...string) result {
	h.t.Helper()
	return command(h.t, nil, append(args, "-c", h.path("datarun.yaml"))...)
}

// must runs a command that has to succeed and returns its output.
func (h *hub) must(args ...string) string {
	h.t.Helper()
	r := h.run(args...)
	if r.code != 0 {
		h.t.Fatalf("datarun %s: exit code %d: %s", strings.Join(args, " "), r.code, r.err)
	}
	return r.out
}

// apply brings documents into the directory.
func (h *hub) apply(documents ...string) {
	h.t.Helper()
	file := h.write("catalog.yaml", strings.Join(documents, "---\n"))
	h.t.Logf("%s", strings.TrimSpace(h.must("catalog", "apply", file)))
}

// key makes an API key for an agency, once.
func (h *hub) key(agency string) string {
	h.t.Helper()
	if h.keys[agency] == "" {
		h.keys[agency] = strings.TrimSpace(h.must("catalog", "key", agency))
	}
	return h.keys[agency]
}
