package engine

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// tree writes files into a new folder. Names that end in a slash are folders.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, content := range files {
		place := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			continue
		}
		if err := os.WriteFile(place, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// fork is the smallest source that an image can be built from.
func fork(more map[string]string) map[string]string {
	files := map[string]string{"go.mod": "module example.com/fork // a comment\n\ngo 1.26\n", "cmd/otlpctl/main.go": "package main\n"}
	maps.Copy(files, more)
	return files
}

// sent returns the names in the context of a source, and their content.
func sent(t *testing.T, r BuildRequest) (names []string, content map[string]string) {
	t.Helper()
	src, err := openSource(r)
	if err != nil {
		t.Fatal(err)
	}
	stream := src.stream(t.Context(), "FROM scratch\n")
	defer stream.Close()
	content = map[string]string{}
	archive := tar.NewReader(stream)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !header.ModTime.Equal(contextTime()) || header.Uid != 0 || header.Gid != 0 || header.Mode != 0o755 && header.Mode != 0o644 && header.Typeflag != tar.TypeSymlink {
			t.Errorf("%s tells of this machine: %+v", header.Name, header)
		}
		data, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, header.Name)
		content[header.Name] = string(data) + header.Linkname
	}
	if err := stream.fault(); err != nil {
		t.Error(err)
	}
	return names, content
}

func TestContext(t *testing.T) {
	f := func(files map[string]string, want ...string) {
		t.Helper()
		got, _ := sent(t, BuildRequest{Source: tree(t, fork(files)), Config: []byte("x: y\n")})
		want = append([]string{".otlpctl/", ".otlpctl/Dockerfile", ".otlpctl/config.yaml", ".otlpctl/deps.go"}, want...)
		if !slices.Equal(got, want) {
			t.Errorf("%v:\n got %q\nwant %q", files, got, want)
		}
	}
	f(nil, "cmd/", "cmd/otlpctl/", "cmd/otlpctl/main.go", "go.mod")
	f(map[string]string{
		".git/HEAD": "", "bin/otlpctl": "", "dist/x": "", "cmd/otlpctl/main_test.go": "", "Dockerfile": "", "e2e/go.mod": "", "e2e/e2e.go": "",
		".otlpctl/config.yaml": "theirs", "cmd/bin/kept.go": "",
	}, "cmd/", "cmd/bin/", "cmd/bin/kept.go", "cmd/otlpctl/", "cmd/otlpctl/main.go", "go.mod")
	f(map[string]string{".dockerignore": "# docs\n**/*.md\n!keep.md\n", "a.md": "", "docs/b.md": "", "keep.md": ""},
		"cmd/", "cmd/otlpctl/", "cmd/otlpctl/main.go", "docs/", "go.mod", "keep.md")
	f(map[string]string{".dockerignore": "!bin/kept\n", "bin/kept": "", "bin/left": ""},
		"bin/kept", "cmd/", "cmd/otlpctl/", "cmd/otlpctl/main.go", "go.mod")
}

func TestContextKinds(t *testing.T) {
	folder := tree(t, fork(map[string]string{"run.sh": "#!/bin/sh\n"}))
	if err := os.Symlink("run.sh", filepath.Join(folder, "link")); err != nil {
		t.Skip(err)
	}
	socket, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", filepath.Join(folder, "s"))
	if err != nil {
		t.Skip(err)
	}
	defer socket.Close()
	names, content := sent(t, BuildRequest{Source: folder})
	if content["link"] != "run.sh" || content["run.sh"] != "#!/bin/sh\n" || slices.Contains(names, "s") || slices.Contains(names, configName) {
		t.Errorf("%q", content)
	}
}

// The same files make the same bytes, whenever and wherever they were written.
func TestContextIsReproducible(t *testing.T) {
	f := func(mode fs.FileMode, written time.Time) []byte {
		t.Helper()
		folder := tree(t, fork(map[string]string{"a": "1", "b/c": "2"}))
		if err := errors.Join(os.Chmod(filepath.Join(folder, "a"), mode), os.Chtimes(filepath.Join(folder, "a"), written, written)); err != nil {
			t.Fatal(err)
		}
		src, err := openSource(BuildRequest{Source: folder})
		if err != nil {
			t.Fatal(err)
		}
		stream := src.stream(t.Context(), "")
		defer stream.Close()
		data, err := io.ReadAll(stream)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	if !bytes.Equal(f(0o600, time.Unix(1, 0)), f(0o644, time.Unix(1e9, 0))) {
		t.Error("two contexts of the same files differ")
	}
}

func TestSourceFaults(t *testing.T) {
	f := func(files map[string]string, want string) {
		t.Helper()
		_, err := openSource(BuildRequest{Source: tree(t, files)})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	f(nil, "no go.mod")
	f(map[string]string{"go.mod": "module x\n"}, "no cmd/otlpctl")
	f(map[string]string{"go.mod": "go 1.26\n"}, "names no module")
	f(fork(map[string]string{".dockerignore": "[\n"}), ".dockerignore")
	f(fork(map[string]string{"cmd/otlpctl/main.go": "package main\nimport (\n"}), "read package cmd/otlpctl")
}

// A context that cannot be read, or is read by nobody, ends with its reason and leaves nothing behind.
func TestContextFaults(t *testing.T) {
	src, err := openSource(BuildRequest{Source: tree(t, fork(nil))})
	if err != nil {
		t.Fatal(err)
	}
	unread := src.stream(t.Context(), "")
	if err := unread.fault(); err != nil {
		t.Errorf("nobody reads: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	stopped := src.stream(ctx, "")
	if _, err := io.Copy(io.Discard, stopped); !errors.Is(err, context.Canceled) || !errors.Is(stopped.fault(), context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := os.RemoveAll(src.folder); err != nil {
		t.Fatal(err)
	}
	vanished := src.stream(t.Context(), "")
	if _, err := io.Copy(io.Discard, vanished); !errors.Is(err, fs.ErrNotExist) || !errors.Is(vanished.fault(), fs.ErrNotExist) {
		t.Errorf("vanished: %v", err)
	}
}

func TestDependencies(t *testing.T) {
	f := func(platform string, files map[string]string, want ...string) {
		t.Helper()
		got, err := dependencies(tree(t, fork(files)), "example.com/fork", platform)
		text := "package deps\n\nimport (\n"
		for _, name := range want {
			text += "\t_ \"" + name + "\"\n"
		}
		if err != nil || string(got) != text+")\n" {
			t.Errorf("%s:\n%s%v\nwant %q", platform, got, err, want)
		}
	}
	f("", nil)
	files := map[string]string{
		"cmd/otlpctl/main.go":        "package main\nimport (\n\"fmt\"\n\"example.com/fork/a\"\n\"example.com/forked\"\n)\n",
		"cmd/otlpctl/main_test.go":   "package main\nimport \"testing\"\n",
		"a/a.go":                     "package a\nimport _ \"example.com/fork/b\"\nimport \"example.org/x\"\n",
		"a/a_windows.go":             "package a\nimport \"example.org/windows\"\n",
		"a/a_arm64.go":               "package a\nimport \"example.org/arm64\"\n",
		"a/cgo.go":                   "package a\nimport \"C\"\nimport \"example.org/cgo\"\n",
		"a/tag.go":                   "//go:build grpcnotrace\n\npackage a\nimport \"example.org/tagged\"\n",
		"b/b.go":                     "package b\nimport _ \"embed\"\nimport _ \"example.com/fork/a\"\n",
		"unused/unused.go":           "package unused\nimport \"example.org/unused\"\n",
		"cmd/otlpctl/never_plan9.go": "package main\nimport \"example.org/plan9\"\n",
	}
	f("linux/amd64", files, "embed", "example.com/forked", "example.org/tagged", "example.org/x", "fmt")
	f("linux/arm64/v8", files, "embed", "example.com/forked", "example.org/arm64", "example.org/tagged", "example.org/x", "fmt")
}

// The program of this very repository is one to build from.
func TestOwnSource(t *testing.T) {
	src, err := openSource(BuildRequest{Source: "../..", Platform: "linux/" + runtime.GOARCH})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`_ "google.golang.org/grpc"`, `_ "github.com/spf13/cobra"`} {
		if !strings.Contains(string(src.deps), want) {
			t.Errorf("not in\n%s", src.deps)
		}
	}
}
