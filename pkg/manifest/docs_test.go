package manifest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/config"
)

// The examples of the page do what it says: a section deploy, and patches.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/kubernetes.md")
	if err != nil {
		t.Fatal(err)
	}
	var examples []string
	for i, part := range strings.Split(string(page), "```") {
		if text, ok := strings.CutPrefix(part, "yaml\n"); ok && i%2 == 1 {
			examples = append(examples, text)
		}
	}
	if len(examples) != 2 {
		t.Fatalf("there are %d examples", len(examples))
	}
	file := filepath.Join(t.TempDir(), "deploy.yaml")
	if err := os.WriteFile(file, []byte(examples[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	loaded, err := config.LoadPortable(config.Sources{Files: []string{file}})
	if err != nil {
		t.Fatal(err)
	}
	patches, err := ReadPatches("example", []byte(examples[1]))
	if err != nil || len(patches) != 2 {
		t.Fatalf("%d patches, %v", len(patches), err)
	}
	s, err := Render(Input{Config: loaded, Templates: builtin(t), Patches: patches})
	if err != nil || len(s.Warnings) > 0 {
		t.Fatalf("%v %s", err, s.Warnings)
	}
	for _, want := range []string{"key: spot", "sessionAffinity: ClientIP", "release: prometheus", "namespace: telemetry", "secretName: gateway-tls"} {
		if !strings.Contains(text(t, s), want) {
			t.Errorf("the examples make no %q", want)
		}
	}
}
