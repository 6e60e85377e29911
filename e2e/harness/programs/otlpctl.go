package programs

import (
	"context"
	"os"
	"path/filepath"
)

// BinaryVar names the environment variable that points the tests at a built otlpctl, such as a release candidate.
const BinaryVar = "OTLPCTL_BINARY"

// Otlpctl returns the product: the binary that $OTLPCTL_BINARY names, otherwise one built into dir from the checkout
// with the flags of a release.
func Otlpctl(ctx context.Context, dir string) (string, error) {
	if path := os.Getenv(BinaryVar); path != "" {
		return filepath.Abs(path)
	}
	root, err := moduleRoot(ctx)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "otlpctl")
	err = run(ctx, root, []string{"CGO_ENABLED=0"}, "go", "build", "-trimpath", "-tags", "grpcnotrace",
		"-ldflags", "-s -w", "-o", path, "./cmd/otlpctl")
	if err != nil {
		return "", err
	}
	return path, nil
}
