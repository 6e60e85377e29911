//go:build unix

package sqlite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// anotherProcess names the variable that makes the test binary another process that writes to a database.
const anotherProcess = "OTLPCTL_TEST_WRITES_TO"

// visitor names the variable that makes it one that looks whether a database is open elsewhere.
const visitor = "OTLPCTL_TEST_VISITS"

func TestMain(m *testing.M) {
	if path := os.Getenv(visitor); path != "" {
		fmt.Println(visit(path))
		os.Exit(0)
	}
	if path := os.Getenv(stranger); path != "" {
		fmt.Println(readOnly(path))
		os.Exit(0)
	}
	if path := os.Getenv(anotherProcess); path != "" {
		fmt.Println(writeForEver(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// writeForEver writes batches of ten items and prints a line for each that was acknowledged. It returns why it cannot.
func writeForEver(path string) error {
	e, err := New(Config{Path: path}, discard())
	if err != nil {
		return err
	}
	for hour := uint64(0); ; hour++ {
		b := sample(stored()[hour%3], 10).another(hour)
		if p, err := e.Export(context.Background(), b); err != nil || p.Rejected > 0 {
			return fmt.Errorf("%+v, %w", p, err)
		}
		fmt.Println("acknowledged")
	}
}

// visit returns whether others have the lock on a file that an open connection of SQLite holds all the time.
func visit(path string) string {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = f.Close() }()
	const shared, length = 0x40000002, 510 // SQLite's file format: its "shared bytes"
	l := syscall.Flock_t{Type: syscall.F_WRLCK, Start: shared, Len: length}
	if err := syscall.FcntlFlock(f.Fd(), syscall.F_GETLK, &l); err != nil {
		return err.Error()
	}
	if l.Type == syscall.F_UNLCK {
		return "free"
	}
	return "locked"
}

// A process that closes a file anywhere loses all of its locks on it. Nothing here does that to a database that is
// open: others still see that they are not alone.
func TestLocksOfSQLiteStay(t *testing.T) {
	path := place(t)
	c := Config{Path: path}
	e := open(t, c)
	export(t, e, sample(wire.Logs, 10).another(0))
	if _, err := New(c, discard()); err == nil {
		t.Error("two write")
	}
	if err := c.Check(); err != nil {
		t.Error(err)
	}
	if n := items(t, path); n != 10 {
		t.Errorf("%d items, want 10", n)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), visitor+"="+path)
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "locked\n" {
		t.Errorf("%s, %v", out, err)
	}
}

// start begins another process that writes, and returns what it prints, line by line.
func start(t *testing.T, path string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), anotherProcess+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

func TestLock(t *testing.T) {
	path := place(t)
	e := open(t, Config{Path: path})
	_, err := New(Config{Path: path}, discard())
	held, ok := errors.AsType[*HeldError](err)
	if !ok || held.PID != os.Getpid() || held.Path != path || time.Since(held.Since) > time.Hour || held.Hint() == "" {
		t.Fatalf("%#v, %v", held, err)
	}
	want := fmt.Sprintf("database %s is written by otlpctl serve, pid %d, since %s", path, os.Getpid(), held.Since.Local().Format(time.DateTime))
	if err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if err := Held(path); err == nil || err.Error() != want {
		t.Errorf("held: %v, want %s", err, want)
	}
	cmd, out := start(t, path)
	if !out.Scan() || out.Text() != want {
		t.Errorf("another process: %q", out.Text())
	}
	_ = cmd.Wait() // it fails
	export(t, e, sample(wire.Logs, 1).another(0))
}

// Whoever asks makes no file, takes nothing away, and is not taken for a process that writes.
func TestHeldLeavesNoTrace(t *testing.T) {
	path := place(t)
	if err := Held(path); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); len(entries) > 0 {
		t.Errorf("%v, %v", entries, err)
	}
	if err := os.WriteFile(path+lockSuffix, []byte("pid 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Held(path); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(path + lockSuffix); string(text) != "pid 1\n" {
		t.Errorf("%q, %v", text, err)
	}
	_ = open(t, Config{Path: path})
	for range 2 {
		if _, ok := errors.AsType[*HeldError](Held(path)); !ok {
			t.Error("not held")
		}
	}
}

// What a dead process has left behind does not matter, and no more does what somebody wrote into the file.
func TestLockIsTheSystemsAndNotTheFile(t *testing.T) {
	path := place(t)
	f := func(text string) {
		t.Helper()
		if err := os.WriteFile(path+lockSuffix, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		e, err := New(Config{Path: path}, discard())
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if written, err := os.ReadFile(path + lockSuffix); err != nil || !strings.HasPrefix(string(written), "pid "+strconv.Itoa(os.Getpid())+"\n") {
			t.Errorf("%q, %v", written, err)
		}
		if err := e.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	f("")
	f("pid 1\nsince 2026-01-01T00:00:00Z\ncommand otlpctl serve\n")
	f(strings.Repeat("pid x\n", 1000))
	if held := holder(path, fileOf(t, "not written yet")); held.Error() != "database "+path+" is written by another process" {
		t.Error(held)
	}
}

func fileOf(t *testing.T, text string) *os.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// A process that is killed leaves a sound file with all that was acknowledged.
func TestKill(t *testing.T) {
	path := place(t)
	for round := range 3 {
		before := int64(0)
		if round > 0 {
			before = items(t, path)
		}
		cmd, out := start(t, path)
		batches := int64(0)
		for batches < int64(20*round+10) && out.Scan() {
			if out.Text() != "acknowledged" {
				t.Fatal(out.Text())
			}
			batches++
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for out.Scan() {
			batches++
		}
		_ = cmd.Wait() // it was killed
		e := opened(t, Config{Path: path})
		if n, err := once(e.conn.Conn, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"); err != nil || n > 0 {
			t.Errorf("%d faults, %v", n, err)
		}
		if n := items(t, path); n < max(before, 10*batches) {
			t.Errorf("%d items, and %d batches were acknowledged, on top of %d items", n, batches, before)
		}
		if err := e.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
