//go:build unix

package outfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// What Check says is what opening the file says.
func TestCheckPredictsOpening(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	for name, mode := range map[string]fs.FileMode{"plain": 0o600, "closed": 0o400} {
		if err := os.WriteFile(in(name), []byte("x"), mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, link := range [][2]string{{"plain", "link"}, {"nothing", "dangling"}, {"no/such", "astray"}, {"loop", "loop"}, {in("new"), "absolute"}} {
		if err := os.Symlink(link[0], in(link[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Mkdir(in("folder"), 0o700), os.Mkdir(in("sealed"), 0o500), syscall.Mkfifo(in("pipe"), 0o600)); err != nil {
		t.Fatal(err)
	}
	names := []string{
		"plain", "closed", "link", "dangling", "astray", "loop", "absolute", "new", "folder", "folder/new", "sealed/new", "no/such", "plain/x",
		"new/", "folder/", "folder/.", strings.Repeat("n", 256), "",
	}
	for _, name := range names {
		path := dir + "/" + name
		predicted := Check(path, os.O_WRONLY)
		before, existed := os.Lstat(path)
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
		if err == nil {
			_ = f.Close()
		}
		if (predicted == nil) != (err == nil) {
			t.Errorf("%q: %v, but opening it: %v", name, predicted, err)
		}
		if existed != nil && err == nil {
			_ = os.Remove(path)
		} else if existed == nil && err == nil && before.Size() > 0 && before.Mode().IsRegular() {
			if text, err := os.ReadFile(path); err != nil || string(text) != "x" {
				t.Errorf("%q holds %q, %v", name, text, err)
			}
		}
		_ = os.Remove(in("nothing"))
		_ = os.Remove(in("new"))
	}
	if err := Check(in("pipe"), os.O_WRONLY); err != nil { // opening it would wait for a reader
		t.Error(err)
	}
}

// What CheckBoth says is what creating both says.
func TestCheckBothPredictsCreating(t *testing.T) {
	f := func(name string, mode fs.FileMode) {
		t.Helper()
		dir := t.TempDir()
		if err := errors.Join(os.Mkdir(filepath.Join(dir, "sealed"), 0o500), os.WriteFile(filepath.Join(dir, "plain"), nil, 0o600)); err != nil {
			t.Fatal(err)
		}
		path := dir + "/" + name
		predicted := CheckBoth(path, mode)
		if left, err := filepath.Glob(filepath.Join(dir, ".*")); err != nil || len(left) > 0 {
			t.Errorf("%q left %q, %v", name, left, err)
		}
		err := os.MkdirAll(filepath.Dir(path), mode)
		if err == nil {
			var file *os.File
			if file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600); err == nil {
				_ = file.Close()
			}
		}
		_ = os.Chmod(filepath.Join(dir, "a"), 0o700) // so that it can be removed
		_ = os.Chmod(filepath.Join(dir, "a", "b"), 0o700)
		if (predicted == nil) != (err == nil) {
			t.Errorf("%q with %o: %v, but creating it: %v", name, mode, predicted, err)
		}
	}
	for _, mode := range []fs.FileMode{0o755, 0o444, 0o300, 0} {
		f("a/b", mode)
		f("a/b/c", mode)
		f("sealed/a/b", mode)
		f("plain/a/b", mode)
		f("a/b/", mode)
		f("a/"+strings.Repeat("n", 256), mode)
	}
}

func TestExplain(t *testing.T) {
	f := func(path string, err error, want string) {
		t.Helper()
		var hinted interface{ Hint() string }
		got := Explain(path, err, ", or else")
		if !errors.Is(got, err) || got.Error() != err.Error() || errors.As(got, &hinted) != (want != "") || want != "" && hinted.Hint() != want {
			t.Errorf("%s: %v, want the hint %q", path, got, want)
		}
	}
	dir := t.TempDir()
	f(filepath.Join(dir, "x"), fs.ErrNotExist, "")
	f(filepath.Join(dir, "no", "x"), fs.ErrNotExist, "create the folder "+filepath.Join(dir, "no")+", or else")
	f(filepath.Join(dir, "no", "x"), fs.ErrPermission, "")
}
