// Package disk gives tests disks that are small, full when a test wants it, and empty again.
package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/otlpctl/otlpctl/e2e/harness/programs"
)

// ballast is the name of the file that takes the room.
const ballast = "ballast"

// Small is a file system of its own, in memory.
type Small struct{ path string }

// New mounts a disk of so many bytes for one test. What uses it is to be started later, so that it has ended when the disk
// goes. Where nothing can be mounted the test is skipped, or fails: see programs.Need.
func New(t testing.TB, bytes int64) *Small {
	t.Helper()
	path, err := os.MkdirTemp("", "otlpctl-disk-*") //nolint:usetesting // into t.TempDir other users of the machine do not get
	if err != nil {
		t.Fatal(err)
	}
	s := &Small{path: path}
	t.Cleanup(func() {
		if err := os.Remove(s.path); err != nil {
			t.Error(err)
		}
	})
	programs.Need(t, func(context.Context) (string, error) {
		if err := unix.Mount("tmpfs", s.path, "tmpfs", 0, fmt.Sprintf("size=%d", bytes)); err != nil {
			return "", fmt.Errorf("mount a small disk: %w", err)
		}
		return s.path, nil
	})
	t.Cleanup(func() {
		if err := unix.Unmount(s.path, 0); err != nil {
			t.Errorf("unmount %s: %v", s.path, err)
		}
	})
	return s
}

// Path returns the root of the disk.
func (s *Small) Path() string { return s.path }

// Fill takes all the room there is.
func (s *Small) Fill() (err error) {
	f, err := os.OpenFile(filepath.Join(s.path, ballast), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := io.Copy(f, zeros{}); !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("fill %s: %w", s.path, err)
	}
	return nil
}

// Empty gives back what Fill has taken.
func (s *Small) Empty() error { return os.Remove(filepath.Join(s.path, ballast)) }

// zeros is zeros without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
