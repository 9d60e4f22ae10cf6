package broker_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"datarun"
	"datarun/exchange"
	"datarun/exchange/broker"
)

// TestMain lets the test binary be the process that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("BROKER_TEST_DIR"); dir != "" {
		if err := writeUntilKilled(dir); err != nil {
			fmt.Println("failed:", err)
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func connect(ctx context.Context, b *broker.Broker) (*exchange.Cluster, error) {
	creds := b.Credentials()
	return exchange.Open(ctx, exchange.Config{
		Brokers: []string{b.Addr()}, Embedded: true,
		SASL: exchange.SASL{Mechanism: creds.Mechanism, User: creds.User, Password: creds.Password},
	})
}

// writeUntilKilled appends numbers to a log, telling each on stdout once it is acknowledged.
func writeUntilKilled(dir string) error {
	ctx := context.Background()
	b, err := broker.Open(dir, broker.Options{})
	if err != nil {
		return err
	}
	c, err := connect(ctx, b)
	if err != nil {
		return err
	}
	l, err := exchange.OpenLog(ctx, c, "log")
	if err != nil {
		return err
	}
	for {
		at, err := l.End(ctx)
		if err != nil {
			return err
		}
		values := make([][]byte, 10)
		for i := range values {
			values[i] = []byte(strconv.FormatInt(at+int64(i), 10))
		}
		first, err := l.Append(ctx, values...)
		if err != nil {
			return err
		}
		fmt.Println(first + int64(len(values)) - 1)
	}
}

func TestKilledBrokerKeepsWhatItAcknowledged(t *testing.T) {
	dir := t.TempDir()
	acked := int64(-1)
	for round := range 4 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "BROKER_TEST_DIR="+dir)
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			last, err := strconv.ParseInt(lines.Text(), 10, 64)
			if err != nil {
				t.Fatal(lines.Text())
			}
			if acked = max(acked, last); n == 50+37*round {
				_ = cmd.Process.Kill()
			}
		}
		_ = cmd.Wait() // killed
	}
	// A batch that was being written when the power went is at the end of the file, cut off.
	files, err := filepath.Glob(filepath.Join(dir, "log", "partitions", "log-0", "*.dat"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	f, err := os.OpenFile(files[0], os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte{0, 0, 0, 0, 0, 0, 9, 9, 0, 0, 1, 0, 7}); err != nil {
		t.Fatal(err)
	}
	f.Close()
	checkNumbers(t, dir, acked)
	checkNumbers(t, dir, acked) // and after an orderly end
}

func checkNumbers(t *testing.T, dir string, acked int64) {
	t.Helper()
	b, err := broker.Open(dir, broker.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	c, err := connect(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	l, err := exchange.OpenLog(t.Context(), c, "log")
	if err != nil {
		t.Fatal(err)
	}
	next := int64(0)
	if err := l.Read(t.Context(), 0, func(offset int64, _ time.Time, value []byte) error {
		if offset != next || string(value) != strconv.FormatInt(offset, 10) {
			return fmt.Errorf("offset %d holds %s, want offset %d", offset, value, next)
		}
		next++
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if next <= acked {
		t.Errorf("acknowledged up to %d, there are %d", acked, next)
	}
	if first, err := l.Append(t.Context(), []byte(strconv.FormatInt(next, 10))); err != nil || first != next {
		t.Errorf("goes on at %d instead of %d: %v", first, next, err)
	}
}

func TestOneProcessPerDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	b, err := broker.Open(dir, broker.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := broker.Open(dir, broker.Options{}); datarun.KindOf(err) != datarun.Conflict {
		t.Errorf("second broker: %v", err)
	}
	password := b.Credentials().Password
	for path, mode := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "password"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v %v", path, info.Mode(), err)
		}
	}
	if !strings.HasPrefix(b.Addr(), "127.0.0.1:") {
		t.Errorf("listens on %s", b.Addr())
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Error("second close:", err)
	}
	again, err := broker.Open(dir, broker.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if again.Credentials().Password != password {
		t.Error("another password after a restart")
	}
	_, err = exchange.Open(t.Context(), exchange.Config{Brokers: []string{again.Addr()}})
	if err == nil {
		t.Error("no password needed")
	}
}

func TestBitRotIsNotCutOff(t *testing.T) {
	dir := t.TempDir()
	b, err := broker.Open(dir, broker.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := connect(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	l, err := exchange.OpenLog(t.Context(), c, "log")
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if _, err := l.Append(t.Context(), []byte("synthetic")); err != nil {
			t.Fatal(err)
		}
	}
	c.Close()
	b.Close()
	part := filepath.Join(dir, "log", "partitions", "log-0")
	path := filepath.Join(part, "0.dat")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{0, 11, 20, 0, 7, 11, 16, 21, 40, 70} { // of the batch in the middle
		rotten := bytes.Clone(data)
		rotten[len(data)/2+at] ^= 1
		if err := os.WriteFile(path, rotten, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := broker.Open(dir, broker.Options{}); datarun.KindOf(err) != datarun.Corrupt {
			t.Errorf("byte %d flipped: %v", at, err)
		}
		if after, _ := os.ReadFile(path); !bytes.Equal(after, rotten) {
			t.Errorf("byte %d flipped: the file was changed", at)
		}
		if at == 20 { // from here on as after a crash
			if err := os.Remove(filepath.Join(part, "snapshot.json")); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestRetention(t *testing.T) {
	dir := t.TempDir()
	b, err := broker.Open(dir, broker.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := connect(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	for topic, retention := range map[string]time.Duration{"short": time.Millisecond, "kept": 0} {
		if err := c.EnsureTopic(t.Context(), exchange.Topic{Name: topic, Partitions: 1, Retention: retention}); err != nil {
			t.Fatal(err)
		}
		l, err := exchange.OpenLog(t.Context(), c, topic)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Append(t.Context(), []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	c.Close()
	b.Close()
	time.Sleep(2 * time.Millisecond) // older than the retention
	if b, err = broker.Open(dir, broker.Options{}); err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if c, err = connect(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for topic, want := range map[string]int64{"short": 1, "kept": 0} {
		l, err := exchange.OpenLog(t.Context(), c, topic)
		if err != nil {
			t.Fatal(err)
		}
		for start := int64(-1); start != want; { // the first sweep goes on beside
			if start, err = l.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestKcat checks that librdkafka can log in, with which ClickHouse's Kafka engine reads: it takes a broker that does not
// advertise the first SASL handshake for one without SASL.
func TestKcat(t *testing.T) {
	kcat, err := exec.LookPath("kcat")
	if err != nil {
		t.Skip("kcat is not installed")
	}
	b, err := broker.Open(t.TempDir(), broker.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	c, err := connect(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	l, err := exchange.OpenLog(t.Context(), c, "log")
	if err != nil {
		t.Fatal(err)
	}
	creds := b.Credentials()
	for i, mechanism := range []string{"PLAIN", "SCRAM-SHA-256"} {
		login := []string{
			"-b", b.Addr(), "-X", "security.protocol=SASL_PLAINTEXT", "-X", "sasl.mechanism=" + mechanism,
			"-X", "sasl.username=" + creds.User, "-X", "sasl.password=" + creds.Password, "-t", "log",
		}
		produce := exec.Command(kcat, append(login, "-P", "-z", "zstd")...)
		produce.Stdin = strings.NewReader("from kcat\n")
		if out, err := produce.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", mechanism, err, out)
		}
		if _, err := l.Append(t.Context(), []byte("from the hub")); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(kcat, append(login, "-C", "-e", "-q")...).Output()
		if want := strings.Repeat("from kcat\nfrom the hub\n", i+1); string(out) != want || err != nil {
			t.Errorf("%s: read %q, %v", mechanism, out, err)
		}
	}
}
