// Package programs builds what the end-to-end tests run: otlpctl from the checkout, and the real peers from Go modules.
//
// Peers land in a cache outside the checkout, in a folder named by their version, their recipe and the Go release,
// so that they are built once per machine. Several test binaries may ask at once: the first builds, the others wait.
package programs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Versions of the peers. The Collector is the newest whose modules are all published;
// telemetrygen's releases skip numbers, this is the one nearest to it.
const (
	CollectorVersion       = "v0.162.0"
	collectorStableVersion = "v1.68.0" // of the Collector's modules that are past v1
	TelemetrygenVersion    = "v0.161.0"
)

// CacheDir returns the folder that holds the built peers: $OTLPCTL_CACHE, or "otlpctl" in the user's cache folder.
func CacheDir() (string, error) {
	if dir := os.Getenv("OTLPCTL_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache folder, set OTLPCTL_CACHE: %w", err)
	}
	return filepath.Join(dir, "otlpctl"), nil
}

// cached returns the path of a program, building it when the cache does not have it. The key must name everything
// that the result depends on; build puts the program into an empty folder.
func cached(ctx context.Context, name, key string, build func(ctx context.Context, dir string) error) (string, error) {
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(key + runtime.Version() + runtime.GOOS + runtime.GOARCH))
	dir := filepath.Join(cache, fmt.Sprintf("%s-%x", name, sum[:6]))
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", fmt.Errorf("cache: %w", err)
	}
	unlock, err := Lock(ctx, dir+".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	work, err := os.MkdirTemp(cache, name+"-build-*")
	if err != nil {
		return "", fmt.Errorf("cache: %w", err)
	}
	defer os.RemoveAll(work)
	if err := build(ctx, work); err != nil {
		return "", fmt.Errorf("build %s: %w", name, err)
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("cache: %w", err)
	}
	if err := os.Rename(work, dir); err != nil {
		return "", fmt.Errorf("cache: %w", err)
	}
	return path, nil
}

// run runs a build command at low priority; its output appears in the error only.
func run(ctx context.Context, dir string, env []string, name string, args ...string) error {
	if nice, err := exec.LookPath("nice"); err == nil {
		name, args = nice, append([]string{"-n", "10", name}, args...)
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, lastLines(out, 20))
	}
	return nil
}

func lastLines(out []byte, n int) []byte {
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-n):], []byte("\n"))
}

// moduleRoot returns the root of otlpctl's own module: the folder above this module's.
func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	mod := strings.TrimSpace(string(out))
	if mod == "" || mod == os.DevNull {
		return "", errors.New("run this from within the e2e module")
	}
	dir := filepath.Dir(mod)
	if filepath.Base(dir) == "e2e" {
		dir = filepath.Dir(dir)
	}
	return dir, nil
}
