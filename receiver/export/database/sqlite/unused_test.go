package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"zombiezen.com/go/sqlite"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// A file that nothing was written to goes again, but only if it was not there before, and nobody else has it open.
func TestUnusedFileGoes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a lock that is held cannot be removed here")
	}
	f := func(name string, stays bool, before func(path string), during func(e *Exporter)) {
		t.Helper()
		path := place(t)
		before(path)
		e := opened(t, Config{Path: path})
		during(e)
		if err := e.Close(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if exists(path) != stays || exists(path+lockSuffix) != stays {
			left, _ := filepath.Glob(path + "*")
			t.Errorf("%s: left %v", name, left)
		}
	}
	nothing, idle := func(string) {}, func(*Exporter) {}
	f("nothing was written", false, nothing, idle)
	f("it was written to", true, nothing, func(e *Exporter) { export(t, e, sample(wire.Logs, 1).another(0)) })
	f("it was there", true, func(path string) {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}, idle)
	f("somebody reads it", true, nothing, func(e *Exporter) {
		c, err := OpenReader(e.conf.Path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
	})
	f("somebody has begun to write to it", true, nothing, func(e *Exporter) {
		c, err := sqlite.OpenConn(e.conf.Path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		for _, sql := range []string{"BEGIN", "CREATE TABLE notes (text TEXT)"} {
			if err := execute(c, sql); err != nil {
				t.Fatal(err)
			}
		}
	})
	f("somebody has put another table into it", true, nothing, func(e *Exporter) {
		c, err := sqlite.OpenConn(e.conf.Path)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(execute(c, "CREATE TABLE notes (text TEXT)"), c.Close()); err != nil {
			t.Fatal(err)
		}
	})
	f("it was moved, and a link leads there", true, nothing, func(e *Exporter) {
		if err := errors.Join(os.Rename(e.conf.Path, e.conf.Path+".moved"), os.Symlink(e.conf.Path+".moved", e.conf.Path)); err != nil {
			t.Fatal(err)
		}
	})
	f("it was deleted, and is another one", true, nothing, func(e *Exporter) {
		if err := os.Rename(e.conf.Path, e.conf.Path+".old"); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(e.conf.Path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	})
}

// What a start leaves of a file that it could not make a database of goes with it, and nothing else.
func TestRemoveUnused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a file that is open cannot be removed here")
	}
	f := func(name string, want bool, queries ...string) {
		t.Helper()
		path := place(t)
		if made, err := create(path); !made || err != nil {
			t.Fatal(made, err)
		}
		script(t, path, queries...)
		if got := removeUnused(path); got != want || exists(path) == want {
			left, _ := filepath.Glob(path + "*")
			t.Errorf("%s: %t, left %v", name, got, left)
		}
	}
	const log = "PRAGMA journal_mode = WAL"
	f("empty", true)
	f("no tables yet", true, log)
	f("some tables", true, log, versions, "CREATE TABLE otlp_logs (time INTEGER, key BLOB)", "CREATE INDEX otlp_logs_time ON otlp_logs (time)")
	f("an item", false, log, "CREATE TABLE otlp_logs (time INTEGER, key BLOB)", "INSERT INTO otlp_logs VALUES (1, x'01')")
	f("a table of somebody else", false, log, versions, "CREATE TABLE notes (text TEXT)")

	path := place(t)
	script(t, path, log, versions)
	reader, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := once(reader, "SELECT count(*) FROM sqlite_schema"); err != nil || removeUnused(path) {
		t.Error("it went while somebody has it open", err)
	}
	if err := reader.Close(); err != nil || !removeUnused(path) {
		t.Error("it stayed", err)
	}
}

// Nothing is left beside what was in the way of a start.
func TestStartThatFailsLeavesNothing(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a file that is open cannot be removed here")
	}
	f := func(name string, before func(path string) error) {
		t.Helper()
		path := place(t)
		if err := before(path); err != nil {
			t.Fatal(err)
		}
		then, _ := filepath.Glob(path + "*")
		if _, err := New(Config{Path: path}, discard()); err == nil {
			t.Fatalf("%s: no error", name)
		}
		if now, _ := filepath.Glob(path + "*"); !slices.Equal(now, then) {
			t.Errorf("%s: left %v", name, now)
		}
	}
	f("a folder has the name of the lock", func(path string) error { return os.Mkdir(path+lockSuffix, 0o700) })
	f("the lock is none", func(path string) error { return os.WriteFile(path+lockSuffix, []byte("[[package]]"), 0o600) })
	f("a log has no file", func(path string) error { return os.WriteFile(path+walSuffix, []byte("what was written last"), 0o600) })
	f("a table is in the way", func(path string) error {
		script(t, path, versions, "CREATE TABLE otlp_resources (id BLOB)")
		return nil
	})
}

// The lock of a file that is gone is no lock: whoever waited for it gets the next one.
func TestLockThatWasRemoved(t *testing.T) {
	path := place(t)
	gone, err := acquire(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "windows" {
		t.Skip("a lock that is held cannot be removed here")
	}
	if err := gone.remove(); err != nil || gone.stands(path) {
		t.Fatal("it stands", err)
	}
	next, err := acquire(path)
	if err != nil || !next.stands(path) {
		t.Fatal(err)
	}
	if err := next.release(); err != nil {
		t.Error(err)
	}
}
