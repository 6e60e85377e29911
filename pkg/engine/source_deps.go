package engine

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"go/build"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// dependencies returns a Go file that imports every package from outside the module that its program
// needs, on the platform. What compiles it compiles them, and needs none of the module's sources:
// a change in these does not undo it.
func dependencies(folder, module, platform string) ([]byte, error) {
	goal := build.Default
	goal.GOOS, goal.GOARCH = "linux", runtime.GOARCH
	if system, architecture, ok := splitPlatform(platform); ok {
		goal.GOOS, goal.GOARCH = system, architecture
	}
	goal.CgoEnabled = false
	goal.BuildTags = []string{"grpcnotrace"}
	goal.ReadDir = withoutTests
	found := map[string]bool{}
	if err := collect(goal, folder, module, program, found, map[string]bool{}); err != nil {
		return nil, err
	}
	var file bytes.Buffer
	file.WriteString("package deps\n\nimport (\n")
	for _, name := range slices.Sorted(maps.Keys(found)) {
		fmt.Fprintf(&file, "\t_ %q\n", name)
	}
	file.WriteString(")\n")
	return file.Bytes(), nil
}

// withoutTests lists a folder as the build sees it.
func withoutTests(folder string) ([]fs.FileInfo, error) {
	entries, err := os.ReadDir(folder)
	var found []fs.FileInfo
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		if info, err := entry.Info(); err == nil { // or it has vanished since
			found = append(found, info)
		}
	}
	return found, err
}

// collect adds to found what a package of the module imports from elsewhere, and what those packages
// of the module do that it imports.
func collect(goal build.Context, folder, module, name string, found, seen map[string]bool) error {
	if seen[name] {
		return nil
	}
	seen[name] = true
	p, err := goal.ImportDir(filepath.Join(folder, filepath.FromSlash(name)), 0)
	if _, none := errors.AsType[*build.NoGoError](err); none {
		return nil // the compiler will say that better
	}
	if err != nil {
		return &sourceError{fmt.Errorf("read package %s in %s: %w", name, folder, err)}
	}
	for _, path := range p.Imports {
		inside, ours := strings.CutPrefix(path, module+"/")
		switch {
		case ours || path == module:
			if err := collect(goal, folder, module, cmp.Or(inside, "."), found, seen); err != nil {
				return err
			}
		case path != "C":
			found[path] = true
		}
	}
	return nil
}

// splitPlatform returns the two parts of os/architecture. What follows these is a variant, which Go
// does not know.
func splitPlatform(platform string) (system, architecture string, ok bool) {
	system, rest, ok := strings.Cut(platform, "/")
	architecture, _, _ = strings.Cut(rest, "/")
	return system, architecture, ok
}
