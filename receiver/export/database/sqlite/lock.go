package sqlite

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// lockSuffix follows the path of the database in the name of the file that its writer has locked. The file stays
// when the process ends; only who has the lock may remove it.
const lockSuffix = ".lock"

// command is what the lock says of this process. No other command writes.
const command = "otlpctl serve"

// errLocked says that another handle has the lock.
var errLocked = errors.New("locked")

// errNoLock says that the place of the lock is taken by something else.
var errNoLock = errors.New("is there, and is no lock of a database")

// lock is the right to write to a database. The system takes it back when the process ends, however it does.
type lock struct {
	file *os.File
	info fs.FileInfo
}

// glance is how long somebody may have a lock who only looks whether it is held.
const glance = 20 * time.Millisecond

// acquire locks the database at path, or returns a *HeldError that says who has it. The lock is not signed yet.
func acquire(path string) (*lock, error) {
	for began := time.Now(); ; {
		l, err := take(path)
		switch _, held := errors.AsType[*HeldError](err); {
		case held && time.Since(began) < glance:
			time.Sleep(glance / 10)
		case err != nil || l.stands(path):
			return l, err
		default:
			_ = l.release() // who had it has removed it meanwhile
		}
	}
}

func take(path string) (*lock, error) {
	name := target(path) + lockSuffix
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // beside a file that the configuration names
	if err != nil {
		return nil, err
	}
	if err := lockFile(f); err != nil {
		held := holder(path, f)
		_ = f.Close() // nothing was written
		if errors.Is(err, errLocked) {
			return nil, held
		}
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	l := &lock{file: f}
	if err := ours(f); err != nil {
		return nil, errors.Join(&Error{Path: path, Err: fmt.Errorf("%s %w", name, err), next: "move it away, or give the database another name"}, f.Close())
	}
	if l.info, err = f.Stat(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return l, nil
}

// signature is what the file of a lock begins with.
const signature = "pid "

// ours returns an error if what is in the file is no lock's: many programs have files of such names.
func ours(f *os.File) error {
	head := make([]byte, len(signature))
	n, err := f.ReadAt(head, 0)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return err
	case n > 0 && string(head) != signature:
		return errNoLock
	}
	return nil
}

// sign writes into the file who has the lock.
func (l *lock) sign(now time.Time) error {
	text := fmt.Sprintf(signature+"%d\nsince %s\ncommand %s\n", os.Getpid(), now.UTC().Format(time.RFC3339), command)
	if err := l.file.Truncate(0); err != nil {
		return err
	}
	_, err := l.file.WriteAt([]byte(text), 0)
	return err
}

// stands reports whether the lock is still the one that others would find for the database at path.
func (l *lock) stands(path string) bool {
	info, err := os.Stat(target(path) + lockSuffix)
	return err == nil && os.SameFile(info, l.info)
}

// release gives the lock up.
func (l *lock) release() error { return l.file.Close() }

// remove gives the lock up and leaves no file, for a place where no database is to be. Windows removes no file that is
// open: there it stays.
func (l *lock) remove() error {
	if runtime.GOOS == "windows" {
		return l.release()
	}
	return errors.Join(os.Remove(l.file.Name()), l.file.Close())
}

// holder reads from the file of a lock who has it.
func holder(path string, f *os.File) *HeldError {
	e := &HeldError{Path: path}
	text, err := io.ReadAll(io.NewSectionReader(f, 0, 4<<10))
	if err != nil {
		return e
	}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch key {
		case "pid":
			e.PID, _ = strconv.Atoi(value) // zero is unknown
		case "since":
			e.Since, _ = time.Parse(time.RFC3339, value)
		case "command":
			e.Command = value
		}
	}
	return e
}
