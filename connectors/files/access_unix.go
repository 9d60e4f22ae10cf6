//go:build unix

package files

import "golang.org/x/sys/unix"

// writable asks the system, since trying would change the folder.
func writable(dir string) bool { return unix.Access(dir, unix.W_OK) == nil }
