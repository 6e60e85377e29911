package sqlite

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"

	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// hint returns the next step that an error names.
func hint(err error) string {
	if e, ok := errors.AsType[interface {
		error
		Hint() string
	}](err); ok {
		return e.Hint()
	}
	return ""
}

// A path that cannot be, or a file that is no database of ours, is refused with the reason, and not touched.
func TestNewRefuses(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	f := func(path, problem, next string) {
		t.Helper()
		before, _ := os.ReadFile(path)
		_, err := New(Config{Path: path}, discard())
		if err == nil || !strings.Contains(err.Error(), problem) || !strings.Contains(err.Error(), path) || !strings.Contains(hint(err), next) {
			t.Errorf("%s: %v; hint: %s", path, err, hint(err))
		}
		if strings.Contains(err.Error(), "prepare:") {
			t.Errorf("%v", err)
		}
		if _, err := os.Stat(path + lockSuffix); err == nil && path != in("newer") {
			t.Errorf("a lock beside %s", path)
		}
		if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
			t.Errorf("%s was changed", path)
		}
	}
	f("", "needs the path", "")
	f(":memory:", "not the path of a file", "sqlite:PATH")
	f("file:x?mode=memory", "not the path of a file", "sqlite:PATH")
	f("~/telemetry.db", "~ is not expanded", "./~/telemetry.db")
	f("x.db?mode=ro", "has parameters", "write sqlite:x.db")
	f(dir, "is a directory", "")
	if err := os.WriteFile(in("text"), bytes.Repeat([]byte("no database\n"), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	c := Config{Path: in("text")}
	if err := c.Check(); err == nil || !strings.Contains(hint(err), "name another file") {
		t.Errorf("Check: %v", err)
	}
	f(in("text"), "file is not a database", "name another file")
	f(filepath.Join(in("text"), "x.db"), "not a directory", "")
	script(t, in("browser"), "CREATE TABLE places (url TEXT)")
	f(in("browser"), "database of another program", "name another file")

	e := opened(t, Config{Path: in("newer")})
	e.made = false // it is written to
	if err := e.conn.run("INSERT INTO otlp_migrations VALUES (99, 'tomorrow', 0)"); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	f(in("newer"), "has version 99 of the schema, and this otlpctl knows 1", "newer otlpctl")
}

func script(t *testing.T, path string, queries ...string) {
	t.Helper()
	c, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range queries {
		if err := execute(c, q); err != nil {
			t.Error(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// Telemetry is its owner's only, from the first moment.
func TestNewCreates(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a", "b", "telemetry.db")
	c := Config{Path: path}
	if err := c.Check(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("Check left %v, %v", left, err)
	}
	e := open(t, c)
	export(t, e, sample(wire.Logs, 1).another(0))
	if runtime.GOOS == "windows" {
		return
	}
	for _, name := range []string{path, path + walSuffix, path + shmSuffix, path + lockSuffix, filepath.Dir(path)} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if err := c.Check(); err != nil {
		t.Errorf("of a database that is open: %v", err)
	}
}

// A damaged file is named, with the next step, and after that step all is well.
func TestDamage(t *testing.T) {
	t.Run("schema", func(t *testing.T) {
		path := place(t)
		damage(t, path, pageSize)
		_, err := New(Config{Path: path}, discard())
		malformed(t, path, err)
		if err := os.Rename(path, path+".damaged"); err != nil {
			t.Fatal(err)
		}
		export(t, open(t, Config{Path: path}), sample(wire.Logs, 1).another(0))
	})
	t.Run("tables", func(t *testing.T) {
		path := place(t)
		damage(t, path, 100*pageSize)
		e := open(t, Config{Path: path})
		b := sample(wire.Traces, 100).another(100)
		for range 2 { // the file is opened anew meanwhile
			_, err := e.Export(t.Context(), b)
			if _, ok := errors.AsType[*pipeline.RetryableError](err); !ok {
				t.Fatalf("%v", err)
			}
			malformed(t, path, err)
		}
		if err := os.Rename(path, path+".damaged"); err != nil {
			t.Fatal(err)
		}
		export(t, e, b)
		expect(t, path, b)
	})
}

func malformed(t *testing.T, path string, err error) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "malformed") || !strings.HasPrefix(hint(err), "move "+path+" away") {
		t.Errorf("%v; hint: %s", err, hint(err))
	}
}

// damage makes a database, and writes nonsense into its pages.
func damage(t *testing.T, path string, from int64) {
	t.Helper()
	e := opened(t, Config{Path: path})
	for hour := range uint64(20) {
		export(t, e, sample(wire.Traces, 100).another(hour))
	}
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := from; at < int64(len(data)); at += pageSize {
		copy(data[at:], bytes.Repeat([]byte{0xa5}, 512))
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Many programs have files whose names end like that of a lock. What is in them stays.
func TestNewRefusesWhatIsNoLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "poetry")
	const theirs = "[[package]]\n"
	if err := os.WriteFile(path+lockSuffix, []byte(theirs), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := New(Config{Path: path}, discard())
	if !errors.Is(err, errNoLock) || !strings.Contains(err.Error(), path+lockSuffix) || hint(err) == "" {
		t.Errorf("%v; hint: %s", err, hint(err))
	}
	if got, err := os.ReadFile(path + lockSuffix); string(got) != theirs {
		t.Errorf("%q, %v", got, err)
	}
}
