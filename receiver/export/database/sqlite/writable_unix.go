//go:build unix

package sqlite

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// writable asks the system whether the process may read and write a file, without opening it.
func writable(path string) error {
	if err := unix.Faccessat(unix.AT_FDCWD, path, unix.R_OK|unix.W_OK, unix.AT_EACCESS); err != nil {
		return &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return nil
}
