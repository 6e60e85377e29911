package sqlite

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

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
	if err := gone.remove(); err != nil || gone.stands() {
		t.Fatal("it stands", err)
	}
	next, err := acquire(path)
	if err != nil || !next.stands() {
		t.Fatal(err)
	}
	if err := next.release(); err != nil {
		t.Error(err)
	}
}
