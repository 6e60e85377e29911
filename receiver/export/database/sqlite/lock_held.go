package sqlite

import (
	"errors"
	"io/fs"
	"os"
)

// Held returns a *HeldError if somebody writes to the database at path, and nothing if that cannot be told. It makes no
// file, and gives the lock back at once.
func Held(path string) error {
	f, err := os.OpenFile(target(path)+lockSuffix, os.O_RDWR, 0) //nolint:gosec // beside a file that the configuration names
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil
	}
	if err != nil {
		return explain(path, err)
	}
	defer func() { _ = f.Close() }() // nothing was written
	if errors.Is(lockFile(f), errLocked) {
		return holder(path, f)
	}
	return nil
}
