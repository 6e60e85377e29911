// Command weigh tells how much of a program each module is: go run ./tools/weigh PROGRAM. The program is an
// ELF file with its symbols.
//
// A symbol is counted for the module whose path its name begins with, and what the linker shares out among
// all functions, such as the table of lines, in proportion to their code. The sum is the size of the
// program once it is stripped.
package main

import (
	"cmp"
	"debug/buildinfo"
	"debug/elf"
	"fmt"
	"os"
	"slices"
	"strings"
)

// rest is what belongs to no module.
const rest = "Go's runtime and standard library"

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./tools/weigh PROGRAM")
		os.Exit(2)
	}
	if err := weigh(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "weigh:", err)
		os.Exit(1)
	}
}

func weigh(path string) error {
	modules, err := modulesOf(path)
	if err != nil {
		return err
	}
	f, err := elf.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	symbols, err := f.Symbols()
	if err != nil {
		return fmt.Errorf("%s: %w (build it without -ldflags=-s)", path, err)
	}
	sizes := map[string]float64{}
	total := 0.0
	for _, s := range symbols {
		if int(s.Section) >= len(f.Sections) || f.Sections[s.Section].Type != elf.SHT_PROGBITS {
			continue // it takes no room in the file
		}
		sizes[owner(modules, s.Name)] += float64(s.Size)
		total += float64(s.Size)
	}
	stripped := 0.0
	for _, section := range f.Sections {
		if section.Type == elf.SHT_PROGBITS && section.Flags&elf.SHF_ALLOC != 0 {
			stripped += float64(section.Size)
		}
	}
	report(sizes, stripped/total, stripped)
	return nil
}

// modulesOf returns the paths of the modules in the program, the longest first.
func modulesOf(path string) ([]string, error) {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return nil, err
	}
	modules := []string{info.Main.Path}
	for _, m := range info.Deps {
		modules = append(modules, m.Path)
	}
	slices.SortFunc(modules, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return modules, nil
}

// owner returns the module that a symbol is of. The linker writes dots in the last part of a package's path as %2e.
func owner(modules []string, symbol string) string {
	symbol = strings.ReplaceAll(strings.TrimPrefix(symbol, "type:.eq."), "%2e", ".")
	for _, m := range modules {
		if tail, ok := strings.CutPrefix(symbol, m); ok && tail != "" && (tail[0] == '.' || tail[0] == '/') {
			return m
		}
	}
	return rest
}

func report(sizes map[string]float64, factor, stripped float64) {
	names := make([]string, 0, len(sizes))
	for name := range sizes {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(sizes[b], sizes[a]), cmp.Compare(a, b)) })
	for _, name := range names {
		fmt.Printf("%8.2f MB  %s\n", sizes[name]*factor/1e6, name)
	}
	fmt.Printf("%8.2f MB  in all\n", stripped/1e6)
}
