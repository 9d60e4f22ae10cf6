//go:build unix && !linux

package host

import "syscall"

// childAttr makes the child the leader of a group, so that a Ctrl-C at the hub's terminal is the hub's alone and nothing
// of the child's making stays.
func childAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }
