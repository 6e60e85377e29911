package sqlite

import (
	"errors"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/otlpctl/otlpctl/receiver/export/internal/reply"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// Error is a failure of the database file whose next step is known.
type Error struct {
	Path string
	Err  error
	next string
}

func (e *Error) Error() string { return fmt.Sprintf("database %s: %v", e.Path, e.Err) }

// Unwrap returns what happened to the file.
func (e *Error) Unwrap() error { return e.Err }

// Hint says what to do next, or is empty.
func (e *Error) Hint() string { return e.next }

// HeldError says that another process, or another exporter of this one, writes to the database.
type HeldError struct {
	Path string
	// Command is what holds it: "otlpctl serve". PID and Since are zero if that is not known.
	Command string
	PID     int
	Since   time.Time
}

func (e *HeldError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("database %s is written by another process", e.Path)
	}
	return fmt.Sprintf("database %s is written by %s, pid %d, since %s", e.Path, e.Command, e.PID, e.Since.Local().Format(time.DateTime))
}

// Hint says what to do next.
func (e *HeldError) Hint() string {
	return "end that process, or name another file: reading needs no lock, and only one process writes"
}

// explain returns err as one about the file at path, with the next step where it is known.
func explain(path string, err error) error {
	var known *Error
	var held *HeldError
	if err == nil || errors.As(err, &known) || errors.As(err, &held) {
		return err
	}
	return &Error{Path: path, Err: cause(err), next: nextStep(path, err)}
}

// cause is an error of SQLite without what was done when it came about, or any other error as it is.
func cause(err error) error {
	code := sqlite.ErrCode(err)
	for code != sqlite.ResultError {
		inner := errors.Unwrap(err)
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			inner = joined.Unwrap()[0]
		}
		if sqlite.ErrCode(inner) != code {
			break
		}
		err = inner
	}
	return err
}

// foreign reports whether a file is not ours.
func foreign(err error) bool {
	return errors.Is(err, errForeign) || sqlite.ErrCode(err).ToPrimary() == sqlite.ResultNotADB
}

func nextStep(path string, err error) string {
	switch {
	case foreign(err):
		return "name another file, or move this one away"
	case errors.Is(err, errOrphan):
		return "put the file back beside " + path + walSuffix + ", or move that away, too: what was written last is in it"
	case errors.Is(err, errLink):
		return "make that file, which may be empty, or name it itself"
	case errors.Is(err, errNewer):
		return "use the newer otlpctl, or name another file"
	case full(err):
		return "make room on the disk, or name another file; retention bounds how much is kept"
	case unwritable(err):
		return "see to it that the file and its folder can be written to, or name another file"
	case broken(err):
		return "see what the system logs about the disk, or name another file"
	}
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultCorrupt:
		path = target(path)
		return "move " + path + " away, together with " + path + walSuffix + " and " + path + shmSuffix + ": a new one is begun then, and sqlite3's .recover may save what is in the old one"
	case sqlite.ResultBusy, sqlite.ResultLocked:
		return "end the other program that writes to the file"
	}
	return ""
}

// failure returns err as pipeline.Exporter has it. What is wrong with a file can be mended, and the batch is as
// good as it was.
func failure(path string, err error) error {
	err = explain(path, err)
	if known, ok := errors.AsType[interface {
		error
		Hint() string
	}](err); ok {
		err = reply.Advise(err, known.Hint()) // it is shown where errors are one text
	}
	return &pipeline.RetryableError{Err: err}
}

// reasonOf says why SQLite refuses one row, if it would take others.
func reasonOf(err error) (why pipeline.Refusal, ofRow bool) {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultTooBig:
		return pipeline.RefusedTooLarge, true
	case sqlite.ResultConstraint:
		return pipeline.RefusedConstraint, true
	case sqlite.ResultMismatch, sqlite.ResultRange:
		return pipeline.RefusedInvalid, true
	default:
		return 0, false
	}
}

// ofFile reports whether the connection may be of no use any more, and the file should be opened anew.
func ofFile(err error) bool {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultCorrupt, sqlite.ResultNotADB, sqlite.ResultIOErr, sqlite.ResultCantOpen, sqlite.ResultReadOnly, sqlite.ResultProtocol:
		return true
	default:
		return false
	}
}
