//go:build unix

package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// linked makes a link to a file that there may be.
func linked(t *testing.T, to string) string {
	t.Helper()
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(to, link); err != nil {
		t.Fatal(err)
	}
	return link
}

// Lock and log stand beside the file, by whichever name it is opened.
func TestLinkToADatabase(t *testing.T) {
	path := place(t)
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	link := linked(t, path)
	e := opened(t, Config{Path: link})
	export(t, e, sample(wire.Logs, 1).another(0))
	if n, err := e.conn.logSize(); n == 0 || err != nil {
		t.Errorf("a log of %d bytes, %v", n, err)
	}
	for _, name := range []string{path, link} {
		_, err := New(Config{Path: name}, discard())
		var held *HeldError
		if !errors.As(err, &held) || !errors.As(Held(name), &held) {
			t.Errorf("%s: %v, %v", name, err, Held(name))
		}
	}
	if err := errors.Join(os.Remove(link), os.Symlink(path+".second", link), os.WriteFile(path+".second", nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	export(t, e, sample(wire.Logs, 2).another(1))
	if was, is := items(t, path), items(t, path+".second"); was != 1 || is != 2 {
		t.Errorf("%d items in the file, and %d in the one that the link leads to since", was, is)
	}
	if Held(path) != nil || Held(path+".second") == nil {
		t.Errorf("%v, %v", Held(path), Held(path+".second"))
	}
	if err := e.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestLinkThatLeadsNowhere(t *testing.T) {
	link := linked(t, filepath.Join(t.TempDir(), "missing.db"))
	_, err := New(Config{Path: link}, discard())
	check := (&Config{Path: link}).Check()
	for _, err := range []error{err, check} {
		if !errors.Is(err, errLink) || hint(err) == "" {
			t.Error(err)
		}
	}
	if _, err := os.Lstat(link); err != nil {
		t.Error(err)
	}
}
