package otlpctl_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/otlpctl/otlpctl/"

// arrows is the architecture: what each part of this module may import of the others. A part is a
// folder with all that lies below it, whose packages may import each other; the longest match
// holds. A part that is not listed may import nothing of ours and be imported by pkg/cli only.
func arrows() map[string][]string {
	return map[string][]string{
		"cmd/otlpctl": {"pkg/cli", "pkg/term"},
		"pkg/cli":     {"pkg", "receiver", "templates"},

		"pkg/config":    {"receiver", "pkg/discovery"},
		"pkg/discovery": {"receiver", "pkg/hinted"},
		"pkg/engine":    {"pkg/config", "pkg/hinted", "pkg/image", "templates"},
		"pkg/hinted":    {},
		"pkg/image":     {"pkg/config", "pkg/hinted", "templates"},
		"pkg/kube":      {"pkg/hinted", "pkg/manifest"},
		"pkg/load":      {"receiver", "pkg/hinted"}, // sends with the exporters, and is told what a database holds
		"pkg/manifest":  {"pkg/config", "pkg/hinted", "templates"},
		"pkg/output":    {},
		"pkg/store":     {"receiver/export/database", "receiver/otlpjson", "receiver/wire", "pkg/hinted"},
		"pkg/term":      {},

		// Services are found in a cluster as in other registries, but through a client of the cluster.
		"pkg/kube/endpoints": {"pkg/kube", "pkg/discovery", "pkg/hinted", "receiver/resolve"},

		"receiver":      {}, // nothing outside itself
		"receiver/wire": {},

		"templates": {},
		"tools":     {},
	}
}

// homes names the only parts that may import a library: the rest of the house does not know it.
func homes() map[string][]string {
	return map[string][]string{
		"filippo.io/age":                          {"pkg/config"},
		"github.com/docker/docker/":               {"pkg/engine"},
		"github.com/jackc/":                       {"receiver/export/database", "pkg/store"},
		"zombiezen.com/go/sqlite":                 {"receiver/export/database", "pkg/store"},
		"github.com/hashicorp/":                   {"pkg/discovery"},
		"github.com/google/go-containerregistry/": {"pkg/image"},
		"github.com/charmbracelet/":               {"pkg/term"},
		"github.com/muesli/termenv":               {"pkg/term"},
		"golang.org/x/term":                       {"pkg/term"},
		"github.com/spf13/":                       {"pkg/cli"},
		"github.com/evanphx/json-patch":           {"pkg/manifest"},
		"k8s.io/api/":                             {"tools/kubetypes"},
		"k8s.io/":                                 {"pkg/manifest", "pkg/kube"},
		"sigs.k8s.io/yaml":                        {"pkg/output", "pkg/manifest", "pkg/kube"},
	}
}

// pure lists everything that receiver/wire may import: nothing that reads, writes, logs or waits.
func pure() []string {
	return []string{
		"bytes", "cmp", "encoding/binary", "encoding/hex", "errors", "fmt", "iter", "math", "math/bits",
		"slices", "strconv", "strings", "unicode/utf8", "unsafe",
	}
}

func TestArrows(t *testing.T) {
	f := func(from, to string, want bool) {
		t.Helper()
		if got := allowed(from, to); got != want {
			t.Errorf("%s → %s: allowed = %v, want %v", from, to, got, want)
		}
	}
	f("pkg/cli", "receiver/export/otlp", true)
	f("receiver/ingest", "receiver/wire", true)
	f("receiver/wire", "receiver/pipeline", false)
	f("receiver/export/otlp", "pkg/config", false)
	f("receiver", "pkg/discovery", false)
	f("pkg/config", "receiver", true)
	f("pkg/config", "pkg/cli", false)
	f("pkg/kube/ready", "pkg/kube", true)
	f("pkg/kube", "pkg/image", false)
	f("pkg/utils", "pkg/term", false)
	f("cmd/otlpctl", "receiver", false)
}

func TestImports(t *testing.T) {
	for _, i := range imports(t) {
		if to, ours := strings.CutPrefix(i.path, module); ours && !allowed(i.from, to) {
			t.Errorf("%s: %s must not import %s", i.file, i.from, to)
		}
		for library, parts := range homes() {
			home := func(part string) bool { return within(i.from, part) }
			if strings.HasPrefix(i.path, library) && !slices.ContainsFunc(parts, home) {
				t.Errorf("%s: only %s may import %s", i.file, strings.Join(parts, " and "), i.path)
			}
		}
		if within(i.from, "receiver/wire") && !slices.Contains(pure(), i.path) {
			t.Errorf("%s: receiver/wire is pure and may not import %s", i.file, i.path)
		}
	}
}

// allowed says whether the package in folder from may import the one in folder to.
func allowed(from, to string) bool {
	part := partOf(from)
	if within(to, part) {
		return true
	}
	return slices.ContainsFunc(arrows()[part], func(target string) bool { return within(to, target) })
}

// partOf returns the part of the house that a folder belongs to: itself, if none is listed.
func partOf(folder string) string {
	for part := folder; part != "."; part = path.Dir(part) {
		if _, ok := arrows()[part]; ok {
			return part
		}
	}
	return folder
}

func within(folder, part string) bool {
	return folder == part || strings.HasPrefix(folder, part+"/")
}

// imported is one line of one import declaration.
type imported struct {
	file, from, path string
}

// imports reads all files of this module that are not tests, for all platforms.
func imports(t *testing.T) []imported {
	t.Helper()
	var found []imported
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name == "e2e" || entry.Name() == "testdata" || name != "." && strings.HasPrefix(entry.Name(), ".") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			target, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			found = append(found, imported{name, filepath.ToSlash(filepath.Dir(name)), target})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
