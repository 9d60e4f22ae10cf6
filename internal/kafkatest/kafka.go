package kafkatest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"datarun/internal/need"
)

// server is the broker that all tests of this binary share.
var server struct {
	mu     sync.Mutex
	addr   string
	dir    string
	cmd    *exec.Cmd
	exited chan struct{}
	failed string // why it could not be started; not tried again
}

// Main runs the tests of a package, stops the broker if one was started, and returns the exit code:
//
//	func TestMain(m *testing.M) { os.Exit(kafkatest.Main(m)) }
func Main(m *testing.M) int {
	code := m.Run()
	server.mu.Lock()
	defer server.mu.Unlock()
	if server.cmd != nil {
		_ = server.cmd.Process.Kill() // it may be gone already
		<-server.exited
	}
	if server.dir != "" {
		_ = os.RemoveAll(server.dir) // left to the system's cleaning otherwise
	}
	return code
}

// Start returns the addresses of the shared broker, starting it at the first call.
func Start(t testing.TB) []string {
	t.Helper()
	server.mu.Lock()
	defer server.mu.Unlock()
	if server.failed != "" {
		t.Fatal(server.failed)
	}
	if server.cmd == nil {
		java := need.Program(t, "java")
		classpath := filepath.Join(jars(t), "*")
		if err := launch(java, classpath); err != nil {
			server.failed = "kafka: " + err.Error()
			t.Fatal(server.failed)
		}
	}
	return []string{server.addr}
}

const properties = `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:%[2]d
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:%[1]d,CONTROLLER://127.0.0.1:%[2]d
advertised.listeners=PLAINTEXT://127.0.0.1:%[1]d
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=%[3]s
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=2
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=2
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
num.network.threads=2
num.io.threads=2
log.cleaner.threads=1
log.cleaner.dedupe.buffer.size=8388608
`

func launch(java, classpath string) error {
	dir, err := os.MkdirTemp("", "kafkatest-")
	if err != nil {
		return err
	}
	server.dir = dir
	ports, err := freePorts(2)
	if err != nil {
		return err
	}
	config := filepath.Join(dir, "server.properties")
	text := fmt.Sprintf(properties, ports[0], ports[1], filepath.Join(dir, "data"))
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return err
	}
	base := []string{"-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", classpath}
	format := exec.Command(java, append(base, "kafka.tools.StorageTool", "format", "-t", "ZGF0YXJ1bi10ZXN0LTAwMQ", "-c", config)...)
	if out, err := format.CombinedOutput(); err != nil {
		return fmt.Errorf("format storage: %w: %s", err, lastLines(string(out), 10))
	}
	log, err := os.Create(filepath.Join(dir, "kafka.log"))
	if err != nil {
		return err
	}
	cmd := exec.Command(java, append(base, "kafka.Kafka", config)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := run(cmd); err != nil {
		return err
	}
	server.addr = fmt.Sprintf("127.0.0.1:%d", ports[0])
	return await(log.Name())
}

// run starts cmd on a thread that lives as long as cmd does: the kernel sends the parent-death signal when the thread
// that started a child ends, not when the process does.
func run(cmd *exec.Cmd) error {
	started := make(chan error)
	server.exited = make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // killed by Main, or reported by await
		}
		close(server.exited)
	}()
	if err := <-started; err != nil {
		return err
	}
	server.cmd = cmd
	return nil
}

// await returns when the broker takes connections.
func await(log string) error {
	deadline := time.After(2 * time.Minute)
	for {
		if conn, err := net.DialTimeout("tcp", server.addr, time.Second); err == nil {
			conn.Close()
			if b, _ := os.ReadFile(log); strings.Contains(string(b), "Kafka Server started") || noLog(b) {
				return nil
			}
		}
		select {
		case <-server.exited:
			b, _ := os.ReadFile(log)
			return fmt.Errorf("ended at the start: %s", lastLines(string(b), 20))
		case <-deadline:
			return fmt.Errorf("does not listen on %s", server.addr)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// noLog reports whether Kafka logs nothing, as without a binding for its log interface; then the open port must do.
func noLog(b []byte) bool { return !strings.Contains(string(b), "INFO") }

// freePorts returns ports that were free a moment ago.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}
