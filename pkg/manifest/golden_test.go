package manifest

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/otlpctl/otlpctl/pkg/config"
)

//nolint:gochecknoglobals // how a test binary defines a flag
var update = flag.Bool("update", false, "write testdata/golden/k8s instead of comparing it")

const golden = "../../testdata/golden/k8s"

// load reads a configuration with values over it; file may be empty.
func load(t *testing.T, file string, set ...string) config.Portable {
	t.Helper()
	from := config.Sources{Set: set}
	if file != "" {
		from.Files = []string{filepath.Join(golden, file)}
	}
	p, err := config.LoadPortable(from)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func builtin(t *testing.T) Templates {
	t.Helper()
	all, err := BuiltinTemplates()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func render(t *testing.T, file string, set ...string) (Set, error) {
	t.Helper()
	return Render(Input{Config: load(t, file, set...), Templates: builtin(t)})
}

func mustRender(t *testing.T, file string, set ...string) Set {
	t.Helper()
	rendered, err := render(t, file, set...)
	if err != nil {
		t.Fatalf("%s %q: %v", file, set, err)
	}
	return rendered
}

func text(t *testing.T, s Set) string {
	t.Helper()
	out, err := s.YAML()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// Each configuration has the objects beside it, which are what the API server takes: every field is
// one of its kind.
func TestGolden(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(golden, "*.config.yaml"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no configurations: %v", err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			set := mustRender(t, filepath.Base(name))
			got := text(t, set)
			if again := text(t, mustRender(t, filepath.Base(name))); again != got {
				t.Error("it is not the same twice")
			}
			checkStrictly(t, set)
			compare(t, strings.TrimSuffix(name, ".config.yaml")+".yaml", got)
		})
	}
}

func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n"))), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func checkStrictly(t *testing.T, set Set) {
	t.Helper()
	for _, u := range set.Objects {
		if typ := typeOf(u.GetKind()); typ != nil {
			data, err := yaml.Marshal(u.Object)
			if err != nil {
				t.Fatal(err)
			}
			if err := yaml.UnmarshalStrict(data, typ); err != nil {
				t.Errorf("%s: %v", u.GetKind(), err)
			}
		}
	}
	if out := text(t, set); strings.Contains(out, "planted-secret") {
		t.Errorf("a secret is written out:\n%s", out)
	}
}

func TestList(t *testing.T) {
	set := mustRender(t, "sample.config.yaml")
	data, err := json.Marshal(set.List())
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		APIVersion string
		Kind       string
		Items      []map[string]any
	}
	if err := json.Unmarshal(data, &list); err != nil || list.APIVersion != "v1" || list.Kind != "List" || len(list.Items) != len(set.Objects) {
		t.Errorf("%v: %s", err, data)
	}
}
