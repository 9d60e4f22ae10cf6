package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/ebitengine/purego"
)

// EnvHost makes a test binary that calls Main from its TestMain be the engine's host: set to "1" by enginetest.
const EnvHost = "DATARUN_ENGINE_HOST"

// statements open the ports, and then wait for the end of standard input. SELECT 1 before it, since the input is parsed
// only after a first result.
const statements = "SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP; SELECT 1 FORMAT Null; SELECT count() FROM table FORMAT Null"

// Main is the engine's host: it loads libchdb into this process and serves until standard input ends. It is what the
// hidden command HostCommand runs, with the arguments that Start gives: library, directory, native port, HTTP port.
// It returns the exit code.
func Main(args []string) int {
	if len(args) != 4 {
		fmt.Fprintln(os.Stderr, "this command is started by the hub itself: library, directory, TCP port, HTTP port")
		return 2
	}
	if err := serve(args[0], args[1], args[2], args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "engine:", err)
		return 1
	}
	return 0
}

func serve(library, dir, tcp, http string) error {
	lib, err := purego.Dlopen(library, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return err
	}
	query, err := purego.Dlsym(lib, "chdb_query_cmdline")
	if err != nil {
		return err
	}
	argv := newArgv("clickhouse",
		"--config-file", filepath.Join(dir, "config.xml"), "--path", filepath.Join(dir, "data"),
		"--listen_host", "127.0.0.1", "--tcp_port", tcp, "--http_port", http,
		"--log-level", "warning", "--input-format", "RawBLOB", "--query", statements)
	result, _, _ := purego.SyscallN(query, uintptr(argv.count()), argv.pointer())
	runtime.KeepAlive(argv)
	if text := resultError(lib, result); text != "" {
		return fmt.Errorf("%s", text)
	}
	return nil
}

// resultError is the error text of a result, or empty.
func resultError(lib, result uintptr) string {
	if result == 0 {
		return "no result"
	}
	if _, err := purego.Dlsym(lib, "chdb_result_error"); err != nil {
		return ""
	}
	var read func(uintptr) string
	purego.RegisterLibFunc(&read, lib, "chdb_result_error")
	return read(result)
}
