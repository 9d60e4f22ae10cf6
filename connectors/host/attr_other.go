//go:build !unix

package host

import (
	"os"
	"syscall"
)

func childAttr() *syscall.SysProcAttr { return nil }

func killGroup(int) {}

// lockFile cannot lock here: nothing is ever free to be swept.
func lockFile(*os.File) (bool, error) { return false, nil }
