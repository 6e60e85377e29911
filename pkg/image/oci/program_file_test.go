//go:build unix

package oci_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/image/imagetest"
	"github.com/otlpctl/otlpctl/pkg/image/oci"
)

func TestProgramFiles(t *testing.T) {
	folder := t.TempDir()
	f := func(write func(file string) error, want string) {
		t.Helper()
		file := filepath.Join(folder, "program")
		if err := errors.Join(os.RemoveAll(file), write(file)); err != nil {
			t.Fatal(err)
		}
		_, err := oci.ReadProgramFile(file, "x")
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
	f(func(file string) error { return os.WriteFile(file, imagetest.Program{}.Bytes(), 0o600) }, "")
	f(func(file string) error { return syscall.Mkfifo(file, 0o600) }, "x is no regular file")
	f(func(file string) error { return os.Mkdir(file, 0o700) }, "x is no regular file")
	f(func(file string) error { return os.Symlink("/dev/zero", file) }, "x is no regular file")
	f(func(file string) error {
		return errors.Join(os.WriteFile(file, nil, 0o600), os.Truncate(file, 1<<40))
	}, "x is longer than 512 MiB")
	f(func(string) error { return nil }, "no such file")
}
