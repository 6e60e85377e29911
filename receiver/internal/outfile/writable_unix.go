//go:build unix

package outfile

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// writable asks the system whether the process may write to path.
func writable(path string) error {
	if err := unix.Faccessat(unix.AT_FDCWD, path, unix.W_OK, unix.AT_EACCESS); err != nil {
		return &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return nil
}
