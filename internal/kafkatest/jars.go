package kafkatest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"datarun/internal/need"
)

// Version is the Kafka that tests run against.
const Version = "4.3.1"

// pom asks for Kafka's server and what it needs to run.
const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>datarun</groupId>
  <artifactId>kafkatest</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>` + Version + `</version>
      <scope>runtime</scope>
    </dependency>
  </dependencies>
</project>
`

// jars returns the directory of Kafka's jars, fetching them when they are not there. Several test binaries may ask at
// once: a file lock lets one fetch, and a directory appears under its final name only when it is whole.
func jars(t testing.TB) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		need.Missing(t, "no cache directory: %v", err)
	}
	root := filepath.Join(cache, "datarun")
	dir := filepath.Join(root, "kafka-"+Version)
	if err := os.MkdirAll(root, 0o755); err != nil {
		t.Fatal(err)
	}
	lock, err := os.OpenFile(dir+".lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	if err := download(t, dir); err != nil {
		need.Missing(t, "cannot fetch Kafka %s: %v", Version, err)
	}
	return dir
}

func download(t testing.TB, dir string) error {
	t.Helper()
	mvn := need.Program(t, "mvn")
	work := dir + ".part"
	if err := os.RemoveAll(work); err != nil {
		return err
	}
	if err := os.MkdirAll(work, 0o755); err != nil {
		return err
	}
	file := filepath.Join(t.TempDir(), "pom.xml")
	if err := os.WriteFile(file, []byte(pom), 0o644); err != nil {
		return err
	}
	out, err := exec.Command(mvn, "-q", "-B", "-f", file, "dependency:copy-dependencies", "-DoutputDirectory="+work).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, lastLines(string(out), 10))
	}
	return os.Rename(work, dir)
}

func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
