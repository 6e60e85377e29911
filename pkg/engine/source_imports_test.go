package engine

import (
	"errors"
	"go/build"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// goImports is what go/build says that a folder imports.
func goImports(t *testing.T, to target, folder string) []string {
	t.Helper()
	goal := build.Default
	goal.GOOS, goal.GOARCH, goal.CgoEnabled, goal.BuildTags = to.system, to.architecture, false, []string{"grpcnotrace"}
	p, err := goal.ImportDir(folder, 0)
	if _, none := errors.AsType[*build.NoGoError](err); err != nil && !none {
		t.Fatal(err)
	}
	return p.Imports
}

// targets are platforms that differ in what they build.
func targets() []target {
	return []target{{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "arm64"}, {"windows", "amd64"}, {"android", "arm64"}}
}

func TestImports(t *testing.T) {
	const body = "package a\n\nimport \"x\"\n"
	f := func(name, text string) {
		t.Helper()
		folder := tree(t, map[string]string{name: text})
		for _, to := range targets() {
			got, err := to.imports(folder)
			if want := goImports(t, to, folder); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s for %v: got %q and %v, want %q", name, to, got, err, want)
			}
		}
	}
	for _, name := range []string{
		"a.go", "linux.go", "a_linux.go", "a_linux_arm64.go", "a_windows.pb.go", "a_amd64.go", "a_b_c.go", "a_unix.go", "linux_a.go", "_a.go", ".a.go",
		"a_linux_windows.go", "a_amd64_linux.go", "a_darwin_amd64.go", "a_sparc.go", "a_test.go", "a_linux_test.go", "a.c", "a_plan9.go",
	} {
		f(name, body)
	}
	for _, line := range []string{
		"linux", "!linux", "unix && !darwin", "darwin || windows", "cgo", "gc && grpcnotrace", "go1.20", "go1.999", "!go1.18", "ignore", "amd64 || (arm64 && android)",
	} {
		f("a.go", "// A comment.\n\n//go:build "+line+"\n\n// Package a is.\n"+body)
	}
	for _, text := range []string{
		"package a", "package a; import \"x\"; var v = 1", "package a // with\n/* and */ import /* a */ b \"x\" // why\nimport . `y`\nfunc f() {}",
		"package a\nimport ()\nimport (\n\t_ \"z\" // z\n\n\t// c\n\tc \"y\"\n)\n\nimport \"w\"\n\n//go:build ignore\n", "package a\nimport (\"x\"; \"y\")", "package a\nimport \"C\"\nimport \"x\"\n",
		"/*\n//go:build ignore\n*/\n\npackage a\nimport \"x\"\n", "\ufeffpackage a\nimport \"x\"\n", "package a\n\nconst c = `\nimport \"x\"`\n",
	} {
		f("a.go", text)
	}
}

func TestImportsRefuses(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		_, err := target{"linux", "amd64"}.imports(tree(t, map[string]string{"a.go": text}))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
	f("", "a.go:1:1: expected package, found EOF")
	f("package a\nimport x\n", "a.go:2:9: expected STRING, found ;")
	f("package a\nimport (\n", "a.go:2:10: expected STRING, found EOF")
	f("package a\nimport \"x\n", "a.go:2:8: string literal not terminated")
	f("//go:build (\npackage a\n", "a.go: ")
}

// This very repository is read as go/build reads it.
func TestImportsOfThis(t *testing.T) {
	folders := map[string]bool{}
	err := filepath.WalkDir("../..", func(name string, e fs.DirEntry, err error) error {
		if e.IsDir() && (e.Name() == "testdata" || e.Name() == "e2e" || strings.HasPrefix(e.Name(), ".") && e.Name() != "..") {
			return fs.SkipDir
		}
		if filepath.Ext(name) == ".go" {
			folders[filepath.Dir(name)] = true
		}
		return err
	})
	if err != nil || len(folders) < 20 {
		t.Fatalf("%d folders: %v", len(folders), err)
	}
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		for _, to := range targets() {
			got, err := to.imports(folder)
			if want := goImports(t, to, folder); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s for %v: got %q and %v, want %q", folder, to, got, err, want)
			}
		}
	}
}
