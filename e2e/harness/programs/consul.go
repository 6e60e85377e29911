package programs

import (
	"context"
	"os"
	"path/filepath"
)

// Consul returns the agent of Consul, of the version that harness/consul/agent has a module file for. A cold build takes two
// minutes of two cores.
func Consul(ctx context.Context) (string, error) {
	root, err := moduleRoot(ctx)
	if err != nil {
		return "", err
	}
	recipe := filepath.Join(root, "e2e", "harness", "consul", "agent")
	var key []byte
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(recipe, name))
		if err != nil {
			return "", err
		}
		key = append(key, text...)
	}
	return cached(ctx, "consul", string(key), func(ctx context.Context, dir string) error {
		return run(ctx, recipe, []string{"CGO_ENABLED=0", "GOWORK=off"}, "go", "build", "-trimpath", "-buildvcs=false",
			"-ldflags=-s -w", "-o", filepath.Join(dir, "consul"), "github.com/hashicorp/consul")
	})
}
