package host

import (
	"os"
	"syscall"
)

// childAttr makes the child the leader of a group, so that a Ctrl-C at the hub's terminal is the hub's alone and nothing
// of the child's making stays, and has the kernel end it with the hub.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }

// lockFile takes an exclusive lock without waiting and reports whether it got it. The kernel frees it with the process.
func lockFile(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == syscall.EWOULDBLOCK {
		return false, nil
	}
	return err == nil, err
}
