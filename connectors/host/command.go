package host

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"datarun"
)

// Command says how a connector process is started.
type Command struct {
	Name string   // for logs and errors: "postgres"
	Path string   // the executable, absolute
	Args []string // its arguments, without the program's name

	// SHA256 is the executable's checksum in hex. It is required unless the command came from Self. The file is copied
	// to a private directory, the copy is checked and the copy is run: whoever changes the file afterwards changes nothing.
	SHA256 string
	// CopyDir is where that private directory is made; it must allow execution. What a killed hub left there is removed by
	// the next. Default: the system's temporary directory.
	CopyDir string

	// Env are KEY=VALUE entries for this connector. Beside them it gets only what inherited lists; no secret of the hub.
	Env []string
	// StartTimeout is how long the process may take until it has answered for the first time. Default 30 s.
	StartTimeout time.Duration
	// Log gets the process's stderr, at a bounded rate. Default: discarded.
	Log *slog.Logger

	self string // the hub's own executable as people know it; set by Self
}

// inherited are the variables of the hub that a connector may see.
var inherited = []string{"PATH", "HOME", "TMPDIR", "TZ", "ZONEINFO", "LANG", "LC_ALL", "SSL_CERT_FILE", "SSL_CERT_DIR", "SYSTEMROOT"}

// Self is the command that runs the hub's own executable with args, for built-in connectors. On Linux it is the very file
// that is running, even when another was installed in its place since.
func Self(name string, args ...string) (Command, error) {
	path, err := os.Executable()
	if err != nil {
		return Command{}, datarun.Errorf(datarun.Internal, "connector "+name, "find the hub's own executable: %w", err)
	}
	command := Command{Name: name, Path: path, Args: args, self: path}
	if runtime.GOOS == "linux" {
		command.Path = "/proc/self/exe"
	}
	return command, nil
}

func (c Command) op() string { return "connector " + c.Name }

func (c Command) withDefaults() Command {
	if c.Name == "" {
		c.Name = filepath.Base(c.Path)
	}
	if c.StartTimeout <= 0 {
		c.StartTimeout = 30 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// environment is the child's, but for what go-plugin adds.
func (c Command) environment() []string {
	var env []string
	for _, key := range inherited {
		if value, ok := os.LookupEnv(key); ok {
			env = append(env, key+"="+value)
		}
	}
	return append(env, c.Env...)
}

// executable returns what to run: the hub itself, or a checked copy in dir.
func (c Command) executable(dir string) (string, error) {
	if c.self != "" && c.SHA256 == "" {
		return c.Path, nil
	}
	if !filepath.IsAbs(c.Path) {
		return "", datarun.Errorf(datarun.Invalid, c.op(), "the executable's path must be absolute: %q", c.Path)
	}
	want, err := hex.DecodeString(c.SHA256)
	if err != nil || len(want) != sha256.Size {
		return "", datarun.Errorf(datarun.Invalid, c.op(), "an executable outside the hub needs its SHA-256 checksum, 64 hex digits (sha256sum %s)", c.Path)
	}
	return c.checkedCopy(filepath.Join(dir, "run-"+filepath.Base(c.Path)), want)
}

func (c Command) checkedCopy(to string, want []byte) (string, error) {
	from, err := os.Open(c.Path)
	if err != nil {
		return "", datarun.Errorf(datarun.Invalid, c.op(), "open the executable: %w", err)
	}
	defer func() { _ = from.Close() }()
	copied, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o500) //nolint:gosec // it is run, by its owner alone
	if err != nil {
		return "", datarun.Errorf(datarun.Unavailable, c.op(), "copy the executable: %w", err)
	}
	hash := sha256.New()
	_, err = io.Copy(io.MultiWriter(copied, hash), from)
	if cerr := copied.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return "", datarun.Errorf(datarun.Unavailable, c.op(), "copy the executable: %w", err)
	}
	if got := hash.Sum(nil); subtle.ConstantTimeCompare(got, want) != 1 {
		return "", datarun.Errorf(datarun.Invalid, c.op(), "%s has checksum %x, the settings say %x: it is not started", c.Path, got, want)
	}
	return to, nil
}
