package sqlite

import (
	"errors"
	"io/fs"
	"syscall"

	"zombiezen.com/go/sqlite"
)

// Mendable reports whether an error of New is about the state of the file or its disk, or about who has it, and not about
// the path: the same configuration will do once that is mended.
func Mendable(err error) bool {
	if _, held := errors.AsType[*HeldError](err); held {
		return true
	}
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultCorrupt, sqlite.ResultBusy, sqlite.ResultLocked:
		return true
	}
	return full(err) || unwritable(err) || broken(err) || errors.Is(err, errOrphan)
}

// full reports whether there is no room on the disk. SQLite calls it an I/O error if it is the index of the log that has none.
func full(err error) bool {
	code := sqlite.ErrCode(err)
	return code.ToPrimary() == sqlite.ResultFull || code == sqlite.ResultIOErrSHMSize ||
		errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// unwritable reports whether the file, or what is beside it, may not be written.
func unwritable(err error) bool {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultReadOnly, sqlite.ResultPerm, sqlite.ResultCantOpen, sqlite.ResultAuth:
		return true
	}
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
}

// broken reports whether the disk failed.
func broken(err error) bool {
	return sqlite.ErrCode(err).ToPrimary() == sqlite.ResultIOErr || errors.Is(err, syscall.EIO)
}
