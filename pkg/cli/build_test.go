package cli

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
)

func TestDescribe(t *testing.T) {
	f := func(info debug.BuildInfo, want build) {
		t.Helper()
		got := describe(&info)
		got.Platform = ""
		if got != want {
			t.Errorf("describe(%+v)\n got %+v\nwant %+v", info, got, want)
		}
	}
	f(debug.BuildInfo{}, build{})
	f(debug.BuildInfo{
		GoVersion: "go1.26.8",
		Main:      debug.Module{Version: "v1.2.3"},
		Deps: []*debug.Module{
			{Path: "example.org/other", Version: "v9.9.9"},
			{Path: otlpModule, Version: "v1.11.1"},
		},
		Settings: []debug.BuildSetting{
			{Key: "vcs.revision", Value: "0f1e2d"},
			{Key: "vcs.time", Value: "2026-01-02T03:04:05Z"},
			{Key: "vcs.modified", Value: "true"},
		},
	}, build{
		Version: "v1.2.3", Commit: "0f1e2d", Date: "2026-01-02T03:04:05Z", Modified: true,
		Go: "go1.26.8", OTLP: "v1.11.1",
	})
	f(debug.BuildInfo{Deps: []*debug.Module{{
		Path: otlpModule, Version: "v1.11.1",
		Replace: &debug.Module{Path: "example.org/fork", Version: "v1.12.0"},
	}}}, build{OTLP: "v1.12.0"})
}

// TestBinary builds the program as the Makefile does: only a real binary carries the versions of
// its modules and the commit that it was built from.
func TestBinary(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "otlpctl")
	f := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir = "../.."
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
		}
		return string(out)
	}
	f("go", "build", "-trimpath", "-tags", "grpcnotrace", "-buildvcs=auto",
		"-ldflags", "-X github.com/otlpctl/otlpctl/pkg/cli.version=v1.2.3", "-o", binary, "./cmd/otlpctl")

	var got map[string]any
	if err := json.Unmarshal([]byte(f(binary, "version", "-o", "json")), &got); err != nil {
		t.Fatal(err)
	}
	if got["version"] != "v1.2.3" {
		t.Errorf("version = %v, want the one that the linker was given", got["version"])
	}
	wired := f("go", "list", "-m", "-f", "{{.Version}}", otlpModule)
	if got["otlp"] != strings.TrimSpace(wired) {
		t.Errorf("otlp = %v, want %s of go.mod", got["otlp"], wired)
	}
	if head, err := exec.CommandContext(t.Context(), "git", "rev-parse", "HEAD").Output(); err == nil {
		if got["commit"] != strings.TrimSpace(string(head)) {
			t.Errorf("commit = %v, want %s of the repository", got["commit"], head)
		}
	}
}
