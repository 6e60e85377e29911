//go:build unix

package receiver

import (
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/receiver/export/debug"
	"github.com/otlpctl/otlpctl/receiver/export/file"
	"github.com/otlpctl/otlpctl/receiver/ingest"
)

// tree returns everything below a folder: of files all that a write changes.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var text string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			text += path + "\n"
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		stat, _ := info.Sys().(*syscall.Stat_t)
		text += fmt.Sprintln(path, info.Mode(), info.Size(), info.ModTime().UnixNano(), stat.Ino)
		if info.Mode().IsRegular() {
			content, err := os.ReadFile(path)
			text += string(content)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Checking leaves no trace, in success and failure.
func TestChecksLeaveNoTrace(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	for name, content := range map[string]string{"whole": "{}\n", "torn": `{"resource`, "log": "line\n"} {
		if err := os.WriteFile(in(name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		past := time.Now().Add(-time.Hour)
		if err := os.Chtimes(in(name), past, past); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(in("pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("not/there", in("link")); err != nil {
		t.Fatal(err)
	}
	before := tree(t, dir)
	goroutines := runtime.NumGoroutine()
	f := func(c Config) {
		t.Helper()
		check(t, c, LevelConnect)
		if after := tree(t, dir); after != before {
			t.Errorf("before\n%s\nafter\n%s", before, after)
		}
	}
	appended := func(c *file.Config) { c.Append = true }
	rotated := func(c *file.Config) { c.Rotation = &file.Rotation{MaxBackups: 1} }
	create := func(c *file.Config) { c.CreateDirectory, c.DirectoryPermissions = true, "0444" }
	for _, edit := range []func(*file.Config){nil, appended, rotated, create} {
		for _, name := range []string{"whole", "torn", "new", "no/such/new", "pipe", "link"} {
			f(toFile(in(name), edit))
		}
	}
	c := local()
	d := debug.DefaultConfig()
	d.OutputPaths = []string{in("log"), in("new"), in("no/new"), in("pipe"), "stdout"}
	c.Exporters["debug"] = &d
	c.Service.Telemetry.Logs.OutputPaths = d.OutputPaths
	f(c)
	f(toBackend(t, "127.0.0.1:1"))
	for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > goroutines && time.Now().Before(end); {
		runtime.Gosched()
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("%d goroutines, %d before", n, goroutines)
	}
}

// Sockets are treated as serve treats them, and what was there is there again.
func TestChecksOfUnixSockets(t *testing.T) {
	dir, err := os.MkdirTemp("", "otlpctl") //nolint:usetesting // the names of tests make a path too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	listen := func(name string, keep bool) *net.UnixListener {
		l, err := new(net.ListenConfig).Listen(t.Context(), "unix", filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		u, _ := l.(*net.UnixListener)
		u.SetUnlinkOnClose(!keep)
		return u
	}
	live := listen("live", false)
	defer func() { _ = live.Close() }()
	if err := listen("abandoned", true).Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	before := tree(t, dir)
	f := func(name string, ok bool) {
		t.Helper()
		c := local()
		c.Receivers["otlp"].Protocols.HTTP = nil
		g := c.Receivers["otlp"].Protocols.GRPC
		g.Transport, g.Endpoint = "unix", filepath.Join(dir, name)
		if got := failed(check(t, c, LevelBind)); (got == "") != ok {
			t.Errorf("%s: failed %q", name, got)
		}
		if after := tree(t, dir); after != before {
			t.Errorf("%s: before\n%s\nafter\n%s", name, before, after)
		}
		if !ok {
			return
		}
		r := start(t, c, io.Discard) // what passes starts
		if r.now.Load().servers["otlp"].Addr(ingest.GRPC) == "" {
			t.Errorf("%s: not listening", name)
		}
		r.end(t, 0)
		_ = os.RemoveAll(filepath.Join(dir, name))
		before = tree(t, dir)
	}
	f("live", false)
	f("file", false)
	f("no/such", false)
	f("new", true)
	f("abandoned", true)
}
