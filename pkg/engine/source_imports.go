package engine

import (
	"fmt"
	"go/build/constraint"
	"go/scanner"
	"go/token"
	"go/version"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// target is what a build is for. It has no C compiler and the tag of our own builds. The package go/build
// knows all of this, and links a whole parser of Go, 0.5 MB; a test holds both to the same answers.
type target struct{ system, architecture string }

// imports lists what the Go files of a folder import that are built for a target, without those of
// tests. A folder without Go files imports nothing.
func (t target) imports(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, e := range entries {
		if !t.takes(e) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			return nil, err
		}
		imports, err := t.importsOf(e.Name(), text)
		if err != nil {
			return nil, err
		}
		all = append(all, imports...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// takes says whether the name of a file is that of one to build.
func (t target) takes(e fs.DirEntry) bool {
	name := e.Name()
	if e.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "_") || strings.HasPrefix(name, ".") {
		return false
	}
	name, _, _ = strings.Cut(name, ".")
	_, rest, _ := strings.Cut(name, "_") // linux.go is for all
	parts := strings.Split(rest, "_")
	last := parts[len(parts)-1]
	if slices.Contains(architectures(), last) {
		if last != t.architecture {
			return false
		}
		if len(parts) == 1 {
			return true
		}
		last = parts[len(parts)-2]
	}
	return !slices.Contains(systems(), last) || t.tagged(last)
}

// importsOf lists what a file imports; nothing if it is not for the target.
func (t target) importsOf(name string, text []byte) ([]string, error) {
	header := newHeader(name, text)
	for header.kind == token.COMMENT {
		if constraint.IsGoBuild(header.text) {
			wanted, err := constraint.Parse(header.text)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			if !wanted.Eval(t.tagged) {
				return nil, nil
			}
		}
		header.next()
	}
	imports, err := header.imports()
	if slices.Contains(imports, "C") {
		return nil, err
	}
	return imports, err
}

// tagged says whether a build for the target has a tag.
func (t target) tagged(tag string) bool {
	if release, ok := strings.CutPrefix(tag, "go1."); ok {
		_, err := strconv.Atoi(release)
		return err == nil && version.Compare(tag, version.Lang(runtime.Version())) <= 0
	}
	switch tag {
	case t.system, t.architecture, "gc", "grpcnotrace":
		return true
	case "unix":
		return t.system != "windows" && t.system != "plan9" && t.system != "js" && t.system != "wasip1"
	case "linux":
		return t.system == "android"
	case "darwin":
		return t.system == "ios"
	case "solaris":
		return t.system == "illumos"
	}
	return false
}

// systems and architectures are the names that end those of files for them alone.
func systems() []string {
	return strings.Fields("aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris wasip1 windows zos")
}

func architectures() []string {
	return strings.Fields("386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le " +
		"ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm")
}

// header reads what a Go file begins with, token by token.
type header struct {
	scanner scanner.Scanner
	file    *token.File
	fault   error

	kind token.Token
	text string
	at   token.Pos
}

func newHeader(name string, text []byte) *header {
	h := &header{file: token.NewFileSet().AddFile(name, -1, len(text))}
	h.scanner.Init(h.file, text, func(at token.Position, message string) {
		if h.fault == nil {
			h.fault = fmt.Errorf("%s: %s", at, message)
		}
	}, scanner.ScanComments)
	h.next()
	return h
}

func (h *header) next() { h.at, h.kind, h.text = h.scanner.Scan() }

// expect goes on to the next token that is no comment, if this is the one that there must be.
func (h *header) expect(kind token.Token) {
	if h.kind != kind && h.fault == nil {
		h.fault = fmt.Errorf("%s: expected %s, found %s", h.file.Position(h.at), kind, h.kind)
	}
	h.next()
	for h.kind == token.COMMENT {
		h.next()
	}
}

// imports reads the package clause and the imports after it.
func (h *header) imports() ([]string, error) {
	h.expect(token.PACKAGE)
	h.expect(token.IDENT)
	h.expect(token.SEMICOLON)
	var all []string
	for h.kind == token.IMPORT && h.fault == nil {
		h.expect(token.IMPORT)
		if h.kind != token.LPAREN {
			all = append(all, h.spec())
			continue
		}
		h.expect(token.LPAREN)
		for h.kind != token.RPAREN && h.fault == nil {
			all = append(all, h.spec())
		}
		h.expect(token.RPAREN)
		h.expect(token.SEMICOLON)
	}
	return all, h.fault
}

// spec reads one import: a name, perhaps, and a path.
func (h *header) spec() string {
	if h.kind == token.IDENT || h.kind == token.PERIOD {
		h.expect(h.kind)
	}
	path, err := strconv.Unquote(h.text)
	if h.kind == token.STRING && err != nil && h.fault == nil {
		h.fault = fmt.Errorf("%s: %w", h.file.Position(h.at), err)
	}
	h.expect(token.STRING)
	if h.kind != token.RPAREN { // import ("a") needs none
		h.expect(token.SEMICOLON)
	}
	return path
}
