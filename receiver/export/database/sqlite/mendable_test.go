package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"

	"zombiezen.com/go/sqlite"
)

// Who starts a receiver is told apart from its configuration what the disk, the file and other processes do to it.
func TestMendable(t *testing.T) {
	f := func(err error, want bool, next string) {
		t.Helper()
		told := fmt.Errorf("sqlite: %w", explain("x.db", err))
		if Mendable(told) != want || hint(told) != next {
			t.Errorf("%v: %t; hint: %s", told, Mendable(told), hint(told))
		}
	}
	system := func(code syscall.Errno) error { return &fs.PathError{Op: "open", Path: "x.db.lock", Err: code} }
	const room = "make room on the disk, or name another file; retention bounds how much is kept"
	const rights = "see to it that the file and its folder can be written to, or name another file"
	const sick = "see what the system logs about the disk, or name another file"
	f(sqlite.ResultFull.ToError(), true, room)
	f(errors.Join(sqlite.ResultIOErrSHMSize.ToError(), errors.New("and more")), true, room)
	f(system(syscall.ENOSPC), true, room)
	f(system(syscall.EDQUOT), true, room)
	f(sqlite.ResultReadOnlyDirectory.ToError(), true, rights)
	f(system(syscall.EROFS), true, rights)
	f(system(syscall.EACCES), true, rights)
	f(sqlite.ResultIOErrRead.ToError(), true, sick)
	f(system(syscall.EIO), true, sick)
	f(sqlite.ResultBusy.ToError(), true, "end the other program that writes to the file")
	f(&HeldError{Path: "x.db"}, true, (*HeldError)(nil).Hint())

	f(errForeign, false, "name another file, or move this one away")
	f(sqlite.ResultNotADB.ToError(), false, "name another file, or move this one away")
	f(errNewer, false, "use the newer otlpctl, or name another file")
	f(system(syscall.EISDIR), false, "")
	f(errKind, false, "")
}
