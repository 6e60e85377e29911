//go:build unix

package rootfs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/image/rootfs"
)

func TestModesDoNotDependOnTheUmask(t *testing.T) {
	before := syscall.Umask(0o077)
	defer syscall.Umask(before)
	root := filepath.Join(t.TempDir(), "new", "root")
	entries := scratch(t)
	if err := rootfs.Create(root, entries); err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := os.Stat(root + e.Path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != e.Mode {
			t.Errorf("%s has %s, want %s", e.Path, info.Mode(), e.Mode)
		}
		if owner := info.Sys().(*syscall.Stat_t); os.Geteuid() == 0 && int(owner.Uid) != e.ID {
			t.Errorf("%s belongs to %d, want %d", e.Path, owner.Uid, e.ID)
		}
	}
}

func TestOnlyANewFolderIsWritten(t *testing.T) {
	root := t.TempDir()
	if err := rootfs.Create(root, scratch(t)); err != nil {
		t.Fatalf("an empty folder: %v", err)
	}
	err := rootfs.Create(root, scratch(t))
	if err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("error %v", err)
	}
}

func TestNothingIsLeftAfterAnError(t *testing.T) {
	broken := []rootfs.Entry{{Path: "/a", Mode: fs.ModeDir | 0o755}, {Path: "/a/b", Mode: 0o644}, {Path: "/no/such/folder", Mode: 0o644}}
	kept := t.TempDir()
	if err := rootfs.Create(kept, broken); err == nil {
		t.Fatal("no error")
	}
	if left, err := os.ReadDir(kept); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
	gone := filepath.Join(t.TempDir(), "new")
	if err := rootfs.Create(gone, broken); err == nil {
		t.Fatal("no error")
	}
	if _, err := os.Stat(gone); err == nil {
		t.Error("the folder is left")
	}
}
