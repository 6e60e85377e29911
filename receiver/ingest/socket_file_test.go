package ingest

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/otlpctl/otlpctl/receiver/internal/socket"
)

// What a killed process has left behind does not keep the next one from
// starting; what is in use, or something else, stays.
func TestSocketFileOfAKilledProcess(t *testing.T) {
	f := func(prepare func(path string), ok bool) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "otlp.sock")
		prepare(path)
		l, err := Open(t.Context(), socket.Address{Network: "unix", Address: path})
		if (err == nil) != ok {
			t.Errorf("%v", err)
		}
		if err == nil {
			_ = l.Close()
		} else if _, err := os.Lstat(path); err != nil {
			t.Errorf("it was removed: %v", err)
		}
	}
	leave := func(path string) *net.UnixListener {
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		l.SetUnlinkOnClose(false)
		return l
	}
	f(func(string) {}, true)
	f(func(path string) { _ = leave(path).Close() }, true)
	f(func(path string) { l := leave(path); t.Cleanup(func() { _ = l.Close() }) }, false)
	f(func(path string) {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}, false)
}
