//go:build !linux

package engine

import "syscall"

// dieWithParent has nothing to set where the kernel has no parent-death signal: the library ends with its standard
// input; a clickhouse program is stopped by Stop only.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
