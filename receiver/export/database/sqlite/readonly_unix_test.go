//go:build unix

package sqlite

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// stranger names the variable that makes the test binary a process that may read a database, and nothing else.
const stranger = "OTLPCTL_TEST_READS"

// nobody is a user who owns nothing.
const nobody = 65534

// readOnly returns how many log records a database has that cannot be written to, or why that cannot be told.
func readOnly(path string) string {
	if f, err := os.Create(path + "-beside"); err == nil { //nolint:gosec // in a folder of the test's
		_ = f.Close()
		return "the folder can be written to"
	}
	c, err := OpenReader(path)
	if err != nil {
		return err.Error()
	}
	n, err := once(c, "SELECT count(*) FROM otlp_logs")
	return fmt.Sprint(n, errors.Join(err, c.Close()))
}

// A file is read where nothing can be written, such as from a mounted copy. Permissions hold nobody up who is root:
// then another user reads.
func TestReadOnlyPlace(t *testing.T) {
	path := place(t)
	e := opened(t, Config{Path: path})
	export(t, e, sample(wire.Logs, 10).another(0))
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Dir(path)
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	if os.Geteuid() == 0 {
		cmd.Path = filepath.Join(filepath.Dir(folder), "reads")
		copyOf(t, os.Args[0], cmd.Path)
		if err := errors.Join(os.Chmod(filepath.Dir(folder), 0o711), os.Chown(folder, nobody, nobody), os.Chown(path, nobody, nobody)); err != nil { //nolint:gosec // folders of the test's
			t.Fatal(err)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	if err := errors.Join(os.Remove(path+lockSuffix), os.Chmod(path, 0o400), os.Chmod(folder, 0o500)); err != nil { //nolint:gosec // a folder needs to be entered
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(folder, 0o700) }) //nolint:gosec // a folder of the test's
	cmd.Dir, cmd.Env = folder, append(os.Environ(), stranger+"="+path)
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "10 <nil>\n" {
		t.Errorf("%s, %v", out, err)
	}
}

// copyOf makes a copy of a program that all may execute.
func copyOf(t *testing.T, program, path string) {
	t.Helper()
	from, err := os.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755) //nolint:gosec // a program
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(to, from)
	if err := errors.Join(err, from.Close(), to.Close()); err != nil {
		t.Fatal(err)
	}
}
