package receiver

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// A log changes below those who hold a logger of it, and loses no line.
func TestLogsChange(t *testing.T) {
	var out lines
	first, second := filepath.Join(t.TempDir(), "first.log"), filepath.Join(t.TempDir(), "second.log")
	l, err := OpenLogs(LogsConfig{Level: "info", Encoding: "json", OutputPaths: []string{first}}, &out, &out)
	if err != nil {
		t.Fatal(err)
	}
	derived := l.With("part", "x").WithGroup("g")
	derived.Debug("hidden")
	derived.Info("shown", "n", 1)
	if err := l.Change(LogsConfig{Level: "debug", Encoding: "console", OutputPaths: []string{second, "stdout"}}); err != nil {
		t.Fatal(err)
	}
	derived.Debug("now shown", "n", 2)
	if err := l.Change(LogsConfig{Level: "info", Encoding: "json", OutputPaths: []string{t.TempDir()}}); err == nil {
		t.Error("a directory is no log")
	}
	derived.Debug("still shown")
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	f := func(path string, want ...string) {
		t.Helper()
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(string(text), w) {
				t.Errorf("%s: no %q in %q", filepath.Base(path), w, text)
			}
		}
		if strings.Contains(string(text), "hidden") {
			t.Errorf("%s: %q", filepath.Base(path), text)
		}
	}
	f(first, `"msg":"shown","part":"x","g":{"n":1}}`)
	f(second, "msg=\"now shown\" part=x g.n=2", "still shown")
	if !strings.Contains(out.String(), "now shown") {
		t.Errorf("stdout has %q", out.String())
	}
}

func TestLogsChangeUnderLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	c := LogsConfig{Level: "info", Encoding: "json", OutputPaths: []string{path}}
	l, err := OpenLogs(c, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	const writers, each = 4, 200
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for range each {
				l.Info("line")
			}
		})
	}
	for range 50 {
		if err := l.Change(c); err != nil {
			t.Error(err)
		}
	}
	all.Wait()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(path)
	if n := strings.Count(string(text), "\n"); err != nil || n != writers*each {
		t.Errorf("%d lines of %d, %v", n, writers*each, err)
	}
}
