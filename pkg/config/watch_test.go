package config

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestWatch(t *testing.T) {
	dir := t.TempDir()
	file, later, link := filepath.Join(dir, "a.yaml"), filepath.Join(dir, "later.yaml"), filepath.Join(dir, "link")
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(file, "a")
	for _, name := range []string{"v1", "v2"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		write(filepath.Join(dir, name, "config.yaml"), name)
	}
	if err := os.Symlink("v1", link); err != nil {
		t.Skip(err)
	}
	paths := []string{file, later, filepath.Join(link, "config.yaml")}
	synctest.Test(t, func(t *testing.T) {
		var changes atomic.Int64
		var meanwhile atomic.Pointer[func()]
		ctx, stop := context.WithCancel(t.Context())
		go NewWatcher(paths).Watch(ctx, time.Second, func() []string { return paths }, func(context.Context) {
			changes.Add(1)
			if do := meanwhile.Swap(nil); do != nil {
				(*do)()
			}
		})
		f := func(what string, do func(), want int64) {
			t.Helper()
			before := changes.Load()
			do()
			time.Sleep(5 * time.Second)
			synctest.Wait()
			if n := changes.Load() - before; n != want {
				t.Errorf("%s: %d changes, want %d", what, n, want)
			}
		}
		f("nothing", func() {}, 0)
		f("written in place", func() { write(file, "ab") }, 1)
		f("replaced", func() {
			write(filepath.Join(dir, "new"), "cd")
			if err := os.Rename(filepath.Join(dir, "new"), file); err != nil {
				t.Error(err)
			}
		}, 1)
		f("made", func() { write(later, "x") }, 1)
		f("gone", func() {
			if err := os.Remove(later); err != nil {
				t.Error(err)
			}
		}, 1)
		f("a link swapped, as in a ConfigMap", func() {
			swapped := filepath.Join(dir, "swapped")
			if err := os.Symlink("v2", swapped); err != nil {
				t.Error(err)
			}
			if err := os.Rename(swapped, link); err != nil {
				t.Error(err)
			}
		}, 1)
		f("written while it is read", func() {
			write(file, "0")
			again := func() { write(file, "00") }
			meanwhile.Store(&again)
		}, 2)
		f("written in pieces", func() {
			for _, text := range []string{"1", "12", "123", "1234"} {
				write(file, text)
				time.Sleep(900 * time.Millisecond)
			}
		}, 1)
		stop()
		synctest.Wait()
	})
}
