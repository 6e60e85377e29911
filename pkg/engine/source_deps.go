package engine

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// dependencies returns a Go file that imports every package from outside the module that its program
// needs, on the platform. What compiles it compiles them, and needs none of the module's sources:
// a change in these does not undo it.
func dependencies(folder, module, platform string) ([]byte, error) {
	goal := target{"linux", runtime.GOARCH}
	if system, architecture, ok := splitPlatform(platform); ok {
		goal = target{system, architecture}
	}
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

// collect adds to found what a package of the module imports from elsewhere, and what those packages
// of the module do that it imports.
func collect(goal target, folder, module, name string, found, seen map[string]bool) error {
	if seen[name] {
		return nil
	}
	seen[name] = true
	imports, err := goal.imports(filepath.Join(folder, filepath.FromSlash(name)))
	if err != nil {
		return &sourceError{fmt.Errorf("read package %s in %s: %w", name, folder, err)}
	}
	for _, path := range imports {
		inside, ours := strings.CutPrefix(path, module+"/")
		if !ours && path != module {
			found[path] = true
			continue
		}
		if err := collect(goal, folder, module, cmp.Or(inside, "."), found, seen); err != nil {
			return err
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
