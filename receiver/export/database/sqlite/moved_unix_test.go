//go:build unix

package sqlite

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// What was acknowledged is in the file that is moved away, though its log stays behind, and the next one begins empty.
func TestMovedFileHasAll(t *testing.T) {
	f := func(name string, next bool, during func(path string)) {
		t.Helper()
		path, away := place(t), place(t)
		e := opened(t, Config{Path: path})
		export(t, e, sample(wire.Logs, 10).another(0))
		during(path)
		if err := os.Rename(path, away); err != nil {
			t.Fatal(err)
		}
		if next {
			export(t, e, sample(wire.Logs, 3).another(1))
			if n := items(t, path); n != 3 {
				t.Errorf("%s: %d items in the next file, want 3", name, n)
			}
		}
		if err := e.Close(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n := items(t, away); n != 10 {
			t.Errorf("%s: %d items in the file that was moved, want 10", name, n)
		}
	}
	idle := func(string) {}
	reads := func(path string) {
		if n, err := once(read(t, path), "SELECT count(*) FROM otlp_logs"); n != 10 || err != nil {
			t.Error(n, err)
		}
	}
	f("nobody reads", true, idle)
	f("somebody reads", true, reads)
	f("nothing comes after it", false, idle)
	f("nothing comes after it, and somebody reads", false, reads)
}

// A file that was moved away while somebody is in the middle of reading it lacks what is in the log: batches wait.
func TestMovedFileIsReadMeanwhile(t *testing.T) {
	path, away := place(t), place(t)
	e := opened(t, Config{Path: path})
	export(t, e, sample(wire.Logs, 10).another(0))
	c, err := OpenReader(path)
	if err := errors.Join(err, execute(c, "BEGIN")); err != nil {
		t.Fatal(err)
	}
	if n, err := once(c, "SELECT count(*) FROM otlp_logs"); n != 10 || err != nil {
		t.Fatal(n, err)
	}
	export(t, e, sample(wire.Logs, 10).another(1))
	if err := os.Rename(path, away); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Export(t.Context(), sample(wire.Logs, 3).another(2)); err == nil || !strings.Contains(err.Error(), errReadAway.Error()) {
		t.Errorf("%v", err)
	}
	if err := e.Close(t.Context()); !errors.Is(err, errReadAway) {
		t.Errorf("%v", err)
	}
	check := (&Config{Path: path}).Check()
	_, err = New(Config{Path: path}, discard())
	for _, err := range []error{err, check} {
		if !errors.Is(err, errOrphan) || hint(err) == "" {
			t.Error(err)
		}
	}
	if err := execute(c, "COMMIT"); err != nil {
		t.Error(err)
	}
	if err := errors.Join(os.Rename(away, path), c.Close()); err != nil {
		t.Fatal(err)
	}
	if n := items(t, path); n != 20 {
		t.Errorf("%d items in the file once it is back", n)
	}
}

// A database that comes in the place of another one does not get the other's log.
func TestReplacedFile(t *testing.T) {
	path, other := place(t), place(t)
	before := opened(t, Config{Path: other})
	export(t, before, sample(wire.Traces, 5).another(0))
	if err := before.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	e := opened(t, Config{Path: path})
	export(t, e, sample(wire.Logs, 10).another(0))
	if err := os.Rename(other, path); err != nil {
		t.Fatal(err)
	}
	export(t, e, sample(wire.Logs, 3).another(1))
	if err := e.Close(t.Context()); err != nil {
		t.Error(err)
	}
	spans, logs := count(t, path, "SELECT count(*) FROM otlp_spans"), count(t, path, "SELECT count(*) FROM otlp_logs")
	if spans != 5 || logs != 3 {
		t.Errorf("%d spans and %d log records, want what was there and what came", spans, logs)
	}
	if n, err := once(read(t, path), "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"); n != 0 || err != nil {
		t.Errorf("%d errors, %v", n, err)
	}
}
