//go:build unix

package cli

import (
	"bufio"
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/term"
)

func TestASignalInterrupts(t *testing.T) {
	f := func(sig syscall.Signal) {
		t.Helper()
		// The receiver never answers; the signal arrives while it is awaited.
		silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_ = syscall.Kill(os.Getpid(), sig)
			<-r.Context().Done()
		}))
		defer silent.Close()

		var stdout, stderr bytes.Buffer
		s := term.Plain(strings.NewReader(""), &stdout, &stderr)
		code := Main([]string{"health", "--timeout", "1h", "--endpoint", silent.URL}, s)
		if code != exitInterrupted {
			t.Errorf("%s: exit code %d, want %d", sig, code, exitInterrupted)
		}
		if stdout.Len() > 0 || stderr.String() != "error: interrupted\n" {
			t.Errorf("%s: stdout %q, stderr %q", sig, stdout.String(), stderr.String())
		}
	}
	f(syscall.SIGINT)
	f(syscall.SIGTERM)
}

func TestSignalsKill(t *testing.T) {
	t.Run("the second", func(t *testing.T) { testSignalsKill(t, "stubborn", "started", "cancelled") })
	t.Run("the third", func(t *testing.T) { testSignalsKill(t, "patient", "started", "cancelled", "given up") })
}

// testSignalsKill interrupts a program whenever it says something, and the last time that kills.
func testSignalsKill(t *testing.T, name string, says ...string) {
	cmd := program(t, name)
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	for _, want := range says {
		if !lines.Scan() || lines.Text() != want {
			t.Fatalf("got %q, want %q", lines.Text(), want)
		}
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
	}
	err = cmd.Wait()
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != syscall.SIGINT {
		t.Errorf("ended with %v, want death by interrupt", err)
	}
}

// program returns the test binary, to be run under a name that TestMain knows.
func program(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), name)
	if err := os.Symlink(self, link); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), link, args...)
	variable, value := quickExit()
	cmd.Env = append(os.Environ(), variable+"="+value)
	return cmd
}
