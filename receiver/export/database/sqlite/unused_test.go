package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
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
