package sqlite

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// beyond is where the locked byte is: others may read what is before it.
const beyond = 1 << 30

// lockFile locks a file until it is closed, or returns errLocked.
func lockFile(f *os.File) error {
	const how = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(f.Fd()), how, 0, 1, 0, &windows.Overlapped{Offset: beyond})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return errLocked
	}
	return err
}
