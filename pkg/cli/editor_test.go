//go:build unix

package cli

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/config"
)

// A signal that ends an edit does not leave the decrypted text behind. A Ctrl-C is the editor's.
func TestASignalEndsAnEdit(t *testing.T) {
	f := func(sig syscall.Signal) {
		t.Helper()
		dir := t.TempDir()
		run := filepath.Join(dir, "run")
		if err := os.Mkdir(run, 0o700); err != nil {
			t.Fatal(err)
		}
		identity, recipient, err := config.NewIdentity("now")
		if err != nil {
			t.Fatal(err)
		}
		to, err := config.Sources{}.Keys().Recipients([]string{recipient}, "", false)
		if err != nil {
			t.Fatal(err)
		}
		file := config.File{Name: filepath.Join(dir, "otel.yaml"), Data: []byte("a: planted\n")}
		text, err := config.ParseText(file)
		if err != nil {
			t.Fatal(err)
		}
		if text, err = text.Encrypt([]string{"a"}, to); err != nil {
			t.Fatal(err)
		}
		if err := config.NewFile(text.File); err != nil {
			t.Fatal(err)
		}
		script := filepath.Join(dir, "editor.sh")
		if err := os.WriteFile(script, []byte("cat $1; exec sleep 60\n"), 0o600); err != nil {
			t.Fatal(err)
		}

		cmd := program(t, "otlpctl", "config", "edit", file.Name)
		cmd.Env = append(os.Environ(), cmd.Env...)
		cmd.Env = append(cmd.Env, "OTLPCTL_AGE_KEY="+string(identity), "XDG_RUNTIME_DIR="+run, "VISUAL=", "EDITOR=sh "+script)
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(stdout)
		if !lines.Scan() || lines.Text() != "a: planted" {
			t.Errorf("the editor sees %q", lines.Text())
		}
		for _, each := range []syscall.Signal{syscall.SIGINT, syscall.SIGINT, sig} {
			if err := cmd.Process.Signal(each); err != nil {
				t.Fatal(err)
			}
		}
		_ = cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != exitFailed {
			t.Errorf("%s: exit code %d, want %d: %s", sig, code, exitFailed, &stderr)
		}
		if left, err := os.ReadDir(run); err != nil || len(left) > 0 {
			t.Errorf("%s: %v is left behind", sig, left)
		}
		if strings.Contains(stderr.String(), "planted") {
			t.Errorf("a value is shown: %s", &stderr)
		}
		if now, err := os.ReadFile(file.Name); err != nil || !bytes.Equal(now, text.Data) {
			t.Errorf("%s: the file has changed: %v", sig, err)
		}
	}
	f(syscall.SIGTERM)
	f(syscall.SIGHUP)
	f(syscall.SIGQUIT)
}
