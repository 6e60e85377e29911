package programs

import "context"

// HelmVersion is the Helm that deployments are compared with.
const HelmVersion = "v4.3.1"

// Helm returns Helm's command. A cold build takes a few minutes.
func Helm(ctx context.Context) (string, error) {
	const pkg = "helm.sh/helm/v4/cmd/helm@" + HelmVersion
	return cached(ctx, "helm", pkg, func(ctx context.Context, dir string) error {
		return run(ctx, dir, []string{"CGO_ENABLED=0", "GOBIN=" + dir, "GOWORK=off"}, "go", "install", "-trimpath", "-ldflags=-s -w", pkg)
	})
}
