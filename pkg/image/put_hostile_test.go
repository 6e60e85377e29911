//go:build unix

package image_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/image"
)

// largestBlob returns the file of a blob in a layout.
func largestBlob(t *testing.T, folder string) string {
	t.Helper()
	var found string
	var size int64
	names, err := filepath.Glob(filepath.Join(folder, "blobs", "sha256", "*"))
	check(t, err)
	for _, name := range names {
		info, err := os.Stat(name)
		check(t, err)
		if info.Size() > size {
			found, size = name, info.Size()
		}
	}
	return found
}

func TestHostileLayoutsAreNotFollowed(t *testing.T) {
	f := func(change func(folder, outside string) error, want string) {
		t.Helper()
		folder, outside := filepath.Join(t.TempDir(), "layout"), t.TempDir()
		put(t, built(t, []string{"a:1"}, "amd64"), folder)
		check(t, change(folder, outside))
		to := image.Place{Kind: image.Layout, Path: folder}
		wantError(t, image.Put(t.Context(), built(t, []string{"a:1"}, "amd64"), to, image.PutOptions{}), want)
		if left, err := os.ReadDir(outside); err != nil || len(left) > 0 {
			t.Errorf("written outside: %v, %v", left, err)
		}
	}
	replace := func(name string, with func(name string) error) func(folder, outside string) error {
		return func(folder, _ string) error {
			name := filepath.Join(folder, name)
			return errors.Join(os.RemoveAll(name), with(name))
		}
	}
	f(func(folder, outside string) error {
		blobs := filepath.Join(folder, "blobs")
		return errors.Join(os.RemoveAll(blobs), os.Symlink(outside, blobs))
	}, "layout: ")
	pipe := func(name string) error { return syscall.Mkfifo(name, 0o600) }
	folder := func(name string) error { return os.Mkdir(name, 0o700) }
	f(replace("index.json", pipe), "index.json is no regular file")
	f(replace("index.json", folder), "index.json is no regular file")
	f(replace("index.json", func(name string) error { return os.Symlink("/etc/hostname", name) }), "escapes")
	f(replace("oci-layout", folder), "is no OCI layout")
	f(replace("oci-layout", pipe), "is no OCI layout")
}

// A blob that is damaged, or no file, is written again, and not taken for the one that is needed.
func TestDamagedBlobsAreReplaced(t *testing.T) {
	f := func(damage func(name string) error) {
		t.Helper()
		folder := filepath.Join(t.TempDir(), "layout")
		b := built(t, []string{"a:1"}, "amd64")
		put(t, b, folder)
		check(t, damage(largestBlob(t, folder)))
		put(t, b, folder)
		reopened(t, "oci:"+folder)
	}
	f(func(name string) error {
		data, err := os.ReadFile(name)
		data[len(data)/2] ^= 1
		return errors.Join(err, os.WriteFile(name, data, 0o600))
	})
	f(func(name string) error { return errors.Join(os.Remove(name), syscall.Mkfifo(name, 0o600)) })
	f(func(name string) error { return os.Truncate(name, 1) })
}

// The folder may be a mount, which cannot be replaced: it must stay the same one.
func TestAnEmptyFolderIsKept(t *testing.T) {
	folder := t.TempDir()
	before, err := os.Stat(folder)
	check(t, err)
	put(t, built(t, []string{"a:1"}, "amd64"), folder)
	after, err := os.Stat(folder)
	check(t, err)
	if !os.SameFile(before, after) {
		t.Error("the folder has been replaced")
	}
	there, err := os.ReadDir(folder)
	check(t, err)
	if len(there) != 3 {
		t.Errorf("%v", there)
	}
	wantError(t, image.Put(t.Context(), broken(t, "a:1"), image.Place{Kind: image.Layout, Path: t.TempDir()}, image.PutOptions{}), "disk is gone")
}

func TestTheUmaskSaysWhoMayRead(t *testing.T) {
	before := syscall.Umask(0o077)
	defer syscall.Umask(before)
	folder := t.TempDir()
	b := built(t, []string{"a:1"}, "amd64")
	put(t, b, filepath.Join(folder, "layout"))
	check(t, image.Put(t.Context(), b, image.Place{Kind: image.Archive, Path: filepath.Join(folder, "a.tar")}, image.PutOptions{}))
	check(t, filepath.Walk(folder, func(name string, info os.FileInfo, err error) error {
		if err == nil && name != folder && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has %s", name, info.Mode())
		}
		return err
	}))
}

// Builds that share a layout must not lose each other's names, or layers when one fails.
func TestBuildsIntoOneLayoutWait(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "layout")
	tags := []string{"a:1", "a:2", "a:3", "a:4", "a:5", "a:6"}
	want := map[string]string{}
	var all sync.WaitGroup
	for _, tag := range tags {
		b := built(t, []string{tag, "a:latest"}, "amd64")
		want[tag] = digestOf(t, b)
		all.Go(func() {
			if err := image.Put(t.Context(), b, image.Place{Kind: image.Layout, Path: folder}, image.PutOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for tag, digest := range want {
		if _, got := reopened(t, "oci:"+folder+":"+strings.TrimPrefix(tag, "a:")); got != digest {
			t.Errorf("%s is %s, want %s", tag, got, digest)
		}
	}
	beside, err := os.ReadDir(filepath.Dir(folder))
	check(t, err)
	if len(beside) != 1 {
		t.Errorf("left: %v", beside)
	}
}
