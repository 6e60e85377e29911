package conformance

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
)

// proof is a test of otlpctl's own module.
type proof struct {
	file string // slash-separated, from the root of the module
	name string
}

// String returns the name as people write it: package and function.
func (p proof) String() string { return path.Base(path.Dir(p.file)) + "." + p.name }

// Proofs are the tests of otlpctl's own module, which hold its lines in less time and more detail.
type Proofs struct {
	all    []proof
	byLine map[string][]proof // those that carry a line's ID in their names
}

// ReadProofs finds the tests below the folder receiver of the module at root.
func ReadProofs(root string) (Proofs, error) {
	// TestR1_… and TestJ1Word… are tests of R1 and J1.
	named := regexp.MustCompile(`^Test([RJE][0-9]+)(_|[A-Z])`)
	found := Proofs{byLine: make(map[string][]proof)}
	module := os.DirFS(root)
	err := fs.WalkDir(module, "receiver", func(file string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(file, "_test.go") {
			return err
		}
		source, err := fs.ReadFile(module, file)
		if err != nil {
			return err
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), file, source, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range syntax.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Test") {
				continue
			}
			p := proof{file, f.Name.Name}
			found.all = append(found.all, p)
			if id := named.FindStringSubmatch(p.name); id != nil {
				found.byLine[id[1]] = append(found.byLine[id[1]], p)
			}
		}
		return nil
	})
	return found, err
}

// of returns the tests of a line. A line of the protocol without one is an error, as is a name that no test has.
func (p *Proofs) of(l *Line, required bool) ([]proof, error) {
	tests := slices.Clone(p.byLine[l.ID])
	for _, name := range l.Tests {
		at := slices.IndexFunc(p.all, func(t proof) bool { return t.String() == name })
		if at < 0 {
			return nil, fmt.Errorf("line %s: there is no test %s", l.ID, name)
		}
		tests = append(tests, p.all[at])
	}
	if required && len(tests) == 0 {
		return nil, fmt.Errorf("line %s: no test below receiver is named Test%s_…", l.ID, l.ID)
	}
	return tests, nil
}

// unclaimed returns an error if a test is named after a line that does not exist.
func (p *Proofs) unclaimed(lines map[string]bool) error {
	for id, tests := range p.byLine {
		if !lines[id] {
			return fmt.Errorf("%s is named after %s, which is no line", tests[0], id)
		}
	}
	return nil
}
