package programs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// KubernetesVersion is the one that is tested unless another is asked for.
const KubernetesVersion = "1.36.3"

// Kubernetes returns every component of Kubernetes and kubectl in one binary, for a version such as "1.36.3". The
// versions are those that harness/kubernetes/hyperkube has a module file for. A cold build takes ten minutes of two
// cores.
func Kubernetes(ctx context.Context, version string) (string, error) {
	root, err := moduleRoot(ctx)
	if err != nil {
		return "", err
	}
	source := filepath.Join(root, "e2e", "harness", "kubernetes", "hyperkube")
	module := "v" + version + ".mod"
	if version == KubernetesVersion {
		module = "go.mod"
	}
	flags := kubernetesStamp(version)
	var key strings.Builder
	key.WriteString(flags)
	for _, name := range []string{"main.go", module, strings.TrimSuffix(module, ".mod") + ".sum"} {
		text, err := os.ReadFile(filepath.Join(source, name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return "", fmt.Errorf("no recipe for Kubernetes %s: %w", version, err)
		case err != nil:
			return "", err
		}
		key.Write(text)
	}
	return cached(ctx, "hyperkube", key.String(), func(ctx context.Context, dir string) error {
		return run(ctx, source, []string{"CGO_ENABLED=0", "GOWORK=off"}, "go", "build", "-trimpath", "-buildvcs=false",
			"-modfile="+module, "-ldflags="+flags, "-o", filepath.Join(dir, "hyperkube"), ".")
	})
}

// kubernetesStamp returns the linker flags that tell the components their version: each part of Kubernetes refuses to
// work with peers of a version too far from its own.
func kubernetesStamp(version string) string {
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	flags := []string{"-s -w"}
	for _, pkg := range []string{"k8s.io/component-base/version", "k8s.io/client-go/pkg/version"} {
		flags = append(flags, fmt.Sprintf("-X %[1]s.gitVersion=v%[2]s -X %[1]s.gitMajor=%[3]s -X %[1]s.gitMinor=%[4]s",
			pkg, version, major, minor))
	}
	return strings.Join(flags, " ")
}

// Static builds a program of this module into a file, without libc so that it runs in an empty image. pkg is its folder
// below the e2e module, such as "harness/kubernetes/pause".
func Static(ctx context.Context, pkg, file string) error {
	root, err := moduleRoot(ctx)
	if err != nil {
		return err
	}
	return run(ctx, filepath.Join(root, "e2e"), []string{"CGO_ENABLED=0"}, "go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags=-s -w", "-o", file, "./"+pkg)
}
