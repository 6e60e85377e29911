package file

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// limited names the file that a child of TestFileSizeLimit writes to.
const limited = "OTLPCTL_TEST_LIMITED_FILE"

// The kernel itself takes a part of a record and then refuses the rest, as on a
// full disk. The limit is the process's, so a child has it.
func TestFileSizeLimit(t *testing.T) {
	if path := os.Getenv(limited); path != "" {
		writeUpTo(t, path)
		return
	}
	c := settings(t)
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFileSizeLimit$") //nolint:gosec // G204: this test
	child.Env = append(os.Environ(), limited+"="+c.Path)
	if out, err := child.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := len(lines(t, wire.Traces, read(t, c.Path))); got != 3 {
		t.Errorf("%d lines, want 3", got)
	}
}

// writeUpTo writes until the limit is reached, and once more when it is gone.
func writeUpTo(t *testing.T, path string) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	c := DefaultConfig()
	c.Path = path
	e := start(t, c)
	b := batch(wire.Traces, otlptest.Traces(10))
	export(t, e, b)
	one := len(read(t, path))
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	unlimited := limit.Cur
	limit.Cur = uint64(2*one + one/2)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	export(t, e, b)
	fails(t, e, b, syscall.EFBIG)
	fails(t, e, b, syscall.EFBIG)
	if got := len(read(t, path)); got != 2*one {
		t.Errorf("%d bytes in the file, want %d", got, 2*one)
	}
	limit.Cur = unlimited
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	export(t, e, b)
	finish(t, e)
}

// A device that is always full.
func TestFullDevice(t *testing.T) {
	c := DefaultConfig()
	c.Path = "/dev/full"
	e := start(t, c)
	_, err := e.Export(t.Context(), batch(wire.Logs, otlptest.Logs(1)))
	var retryable *pipeline.RetryableError
	if !errors.As(err, &retryable) || !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "/dev/full") {
		t.Errorf("error %v", err)
	}
	finish(t, e)
}
