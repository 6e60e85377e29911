package store

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpenSaysWhatIsWrong(t *testing.T) {
	f := func(url, want string) error {
		t.Helper()
		s, err := Open(t.Context(), url)
		if err == nil {
			_ = s.Close()
			t.Fatalf("%s is opened", url)
		}
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "hint:") {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
		return err
	}
	for url, want := range map[string]string{
		"":                          "must name the database",
		"mysql://u:secret@host/x":   "begins with neither postgres: nor sqlite:",
		"sqlite:":                   "must be followed by the path of a file",
		"secret":                    "begins with neither",
		"sqlite::memory:?u=secret@": "must be followed by the path of a file",
		"sqlite:~/telemetry.db":     "~ is not expanded here",
		"sqlite:x.db?mode=ro":       "has parameters",
		"sqlite:file:telemetry.db":  "is not the path of a file",

		"postgres://u:secret@host:x/x":                                          "has no valid port",
		"postgres://u:secret@ho st/x":                                           "the URL has a space",
		"postgres://u:sec@ret@host/x":                                           "has an @ that is none between user and host",
		"postgres://u:%secret@host/x":                                           "has a % without two hexadecimal digits",
		"postgres:u:secret@host":                                                "does not begin with postgres://",
		"postgres://u:secret@host/x?sslmode=secret":                             "sslmode is none of",
		"postgres://u:secret@host/x?sslmode=verify-ca&sslrootcert=/nowhere.pem": "/nowhere.pem: no such file",
	} {
		if _, ok := errors.AsType[*URLError](f(url, want)); !ok {
			t.Errorf("%s: no URLError", url)
		}
	}
	if err := f("sqlite:"+filepath.Join(t.TempDir(), "none.db"), "no telemetry here yet"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	err := f("postgres://u:secret@127.0.0.1:1/x", "connection refused")
	if hint, ok := errors.AsType[interface {
		error
		Hint() string
	}](err); !ok || !strings.Contains(hint.Hint(), "check that the server runs") {
		t.Errorf("no hint: %v", err)
	}
}

func TestGlob(t *testing.T) {
	f := func(g glob, literal bool, like, unix string) {
		t.Helper()
		if g.literal() != literal || g.like() != like || g.unix() != unix {
			t.Errorf("%q: literal %v, LIKE %q, GLOB %q", g, g.literal(), g.like(), g.unix())
		}
	}
	f("GET /", true, "GET /", "GET /")
	f("GET *", false, "GET %", "GET *")
	f("l??d", false, "l__d", "l??d")
	f(`100%_\[a]*`, false, `100\%\_\\[a]%`, `100%_\[[]a]*`)
}
