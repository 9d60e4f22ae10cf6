//go:build !unix

package host

import "syscall"

func childAttr() *syscall.SysProcAttr { return nil }

func killGroup(int) {}
