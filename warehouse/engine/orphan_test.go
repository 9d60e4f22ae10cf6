package engine_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"datarun/warehouse/engine"
	"datarun/warehouse/engine/enginetest"
)

// envParent makes the test binary a process that starts an engine on the directory it names, and hangs.
const envParent = "DATARUN_TEST_PARENT"

func TestMain(m *testing.M) {
	if dir := os.Getenv(envParent); dir != "" && os.Getenv(engine.EnvHost) == "" {
		e, err := engine.Start(context.Background(), engine.Config{Dir: dir, Memory: 1 << 30, Host: enginetest.Host()})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(e.PID())
		time.Sleep(time.Hour)
	}
	enginetest.Main(m)
}

// A hub that is killed takes its engine along, and the next hub can start on the same directory at once.
func TestNoOrphan(t *testing.T) {
	dir := t.TempDir()
	config := enginetest.Config(t, dir)
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), envParent+"="+dir)
	parent.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatalf("the parent says %q", line)
	}
	_ = parent.Process.Kill()
	_ = parent.Wait()
	e := start(t, config) // waits for the lock that the orphan would hold
	if err := syscall.Kill(pid, 0); err == nil && e.PID() != pid {
		// The process may still be a zombie that nobody has waited for; it must not be running.
		stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if fields := strings.Fields(string(stat)); len(fields) > 2 && fields[2] != "Z" {
			t.Errorf("the engine %d of a killed parent is in state %s", pid, fields[2])
		}
	}
}
