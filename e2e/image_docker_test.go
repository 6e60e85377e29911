package e2e_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// runFor is run for a program that may take longer.
func runFor(t *testing.T, limit time.Duration, spec process.Spec) outcome {
	t.Helper()
	p := process.Run(t, spec)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	code, err := p.Wait(ctx)
	if err != nil {
		t.Fatalf("%q does not end: %v", spec.Args, err)
	}
	stdout, outErr := os.ReadFile(p.StdoutPath())
	stderr, errErr := os.ReadFile(p.StderrPath())
	if err := errors.Join(outErr, errErr); err != nil {
		t.Fatal(err)
	}
	return outcome{code: code, stdout: string(stdout), stderr: string(stderr)}
}

// Both builders of an engine: what is compiled again and what is not, what is baked in, and what moves the tag.
func TestDockerBuilders(t *testing.T) {
	for name, buildKit := range map[string]string{"buildkit": "1", "classic": "0"} {
		t.Run(name, func(t *testing.T) {
			b := newBuilder(t, buildKit)
			tag := "fork-" + name + ":1"
			source := writeTree(t, forkSource("one"))

			first, _ := b.build(0, source, "--tag", tag)
			if got := b.output(tag); got != "one" {
				t.Errorf("it says %q", got)
			}
			// What it imports may be in the caches, of other tests.
			if packages, _ := b.proxy.take(); !slices.Contains(packages, "github.com/otlpctl/otlpctl/cmd/otlpctl") {
				t.Errorf("the first build compiled %q", packages)
			}
			again, _ := b.build(0, source, "--tag", tag)
			if packages, _ := b.proxy.take(); again.Steps.Cached != first.Steps.Total || again.Steps.Total != first.Steps.Total || len(packages) > 0 {
				t.Errorf("an unchanged source: %+v, compiled %q", again.Steps, packages)
			}

			replace(t, filepath.Join(source, "word", "word.go"), "package word\n\nconst Word = \"two\"\n")
			_, shown := b.build(0, source, "--tag", tag)
			packages, _ := b.proxy.take()
			if want := []string{"github.com/otlpctl/otlpctl/word", "github.com/otlpctl/otlpctl/cmd/otlpctl"}; !slices.Equal(packages, want) {
				t.Errorf("a changed source compiles %q, want %q", packages, want)
			}
			if !strings.Contains(shown.stderr, "cached") || b.output(tag) != "two" {
				t.Errorf("it says %q after\n%s", b.output(tag), shown.stderr)
			}
			b.checkConfiguration(t, source, tag)
			b.checkFailures(t, source, tag)
			listed := b.run(0, "image", "ls", "-o", "json")
			if !strings.Contains(listed.stdout, `"repository": "fork-`+name+`"`) {
				t.Errorf("not listed:\n%s", listed.stdout)
			}
		})
	}
}

// checkConfiguration bakes configurations in. One that the built code finds invalid makes no image.
func (b *builder) checkConfiguration(t *testing.T, source, tag string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.yaml")
	replace(t, file, "otlp: {grpc_endpoint: 0.0.0.0:5317}\n")
	b.build(0, source, "--tag", tag, "--config", file)
	if got := b.output(tag, "show"); !strings.Contains(got, "grpc_endpoint: 0.0.0.0:5317") {
		t.Errorf("configuration %q", got)
	}
	before := b.image(tag)
	replace(t, file, "otlp: {grpc_endpoint: 0.0.0.0:5317} # invalid, says the fork\n")
	_, got := b.build(2, source, "--tag", tag, "--config", file)
	if !strings.Contains(got.stderr, "this is invalid") || !strings.Contains(got.stderr, "error: the configuration is invalid") {
		t.Errorf("an invalid configuration:\n%s", got.stderr)
	}
	if b.image(tag) != before {
		t.Error("the tag has moved to an image with an invalid configuration")
	}
}

// checkFailures builds what cannot be built.
func (b *builder) checkFailures(t *testing.T, source, tag string) {
	t.Helper()
	before := b.image(tag)
	word := filepath.Join(source, "word", "word.go")
	replace(t, word, "package word\n\nconst Word = nothing\n")
	f := func(want []string, more ...string) {
		t.Helper()
		_, got := b.build(1, source, append([]string{"--tag", tag}, more...)...)
		for _, w := range want {
			if !strings.Contains(got.stderr, w) {
				t.Errorf("%q, want %q:\n%s", more, w, got.stderr)
			}
		}
	}
	f([]string{"word.go:3:14: undefined: nothing", "error: build the image: [", "RUN go build"})
	replace(t, word, "package word\n\nconst Word = \"two\"\n")
	f([]string{"error: ", "hint: the engine does not reach the registry"}, "--build-arg", "BASE=127.0.0.1:1/base:1")
	f([]string{"--max-size is", "hint: 'otlpctl image build' without --max-size"}, "--max-size", "1kB")
	if b.image(tag) != before {
		t.Error("a failed build has moved the tag")
	}
}

// The image of this very source is the one that is built without an engine, and a change compiles nothing but itself.
func TestDockerBuildOfOtlpctl(t *testing.T) {
	b := newBuilder(t, "1")
	source := t.TempDir()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"cmd", "pkg", "receiver", "templates", "docs", "testdata"} {
		if err := os.CopyFS(filepath.Join(source, name), os.DirFS(filepath.Join(root, name))); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		replace(t, filepath.Join(source, name), string(text))
	}
	stamp := []string{"--build-arg", "VERSION=v1.2.3", "--build-arg", "COMMIT=abc", "--build-arg", "DATE=2026-01-01T00:00:00Z"}
	result, _ := b.build(0, source, stamp...)
	if !slices.Equal(result.Tags, []string{"otlpctl:v1.2.3", "otlpctl:latest"}) || result.Unpacked > 36e6 {
		t.Errorf("%+v", result)
	}
	if packages, requests := b.proxy.take(); !slices.Contains(packages, "google.golang.org/grpc") || requests == 0 {
		t.Errorf("%d requests for modules, compiled %q", requests, packages)
	}
	if got := b.output("otlpctl:v1.2.3", "version"); !strings.Contains(got, "v1.2.3") || !strings.Contains(got, "abc") {
		t.Errorf("version: %s", got)
	}
	b.checkSame(t, "otlpctl:v1.2.3")

	file := filepath.Join(source, "pkg", "cli", "change.go")
	replace(t, file, "package cli\n\n// Changed is what a change of the source adds.\nfunc Changed() {}\n")
	changed, _ := b.build(0, source, stamp...)
	packages, requests := b.proxy.take()
	if want := []string{"github.com/otlpctl/otlpctl/pkg/cli", "github.com/otlpctl/otlpctl/cmd/otlpctl"}; !slices.Equal(packages, want) || requests > 0 {
		t.Errorf("a change compiles %q after %d requests for modules, want %q", packages, requests, want)
	}
	t.Logf("%.1f MB unpacked, %d of %d steps cached after a change", float64(changed.Unpacked)/1e6, changed.Steps.Cached, changed.Steps.Total)
}

// checkSame compares an image with the one of the other builder.
func (b *builder) checkSame(t *testing.T, ref string) {
	t.Helper()
	b.run(0, "image", "build", "--output", "engine", "--tag", "otlpctl:oci")
	type image struct {
		Config struct {
			User, WorkingDir     string
			Env, Cmd, Entrypoint []string
			ExposedPorts         map[string]struct{}
			Healthcheck          any
			Labels               map[string]string
		}
	}
	describe := func(ref string) string {
		var i image
		if err := b.engine.Call(t.Context(), http.MethodGet, "/images/"+ref+"/json", nil, &i); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"version", "org.opencontainers.image.version", "org.opencontainers.image.created", "org.opencontainers.image.revision"} {
			delete(i.Config.Labels, name) // the one of the tests is another build
		}
		text, err := json.MarshalIndent(i, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if got, want := describe(ref), describe("otlpctl:oci"); got != want {
		t.Errorf("built from source:\n%s\nwithout an engine:\n%s", got, want)
	}
}

// An interrupted build ends in the engine too, and leaves nothing.
func TestInterruptedDockerBuild(t *testing.T) {
	for name, buildKit := range map[string]string{"buildkit": "1", "classic": "0"} {
		t.Run(name, func(t *testing.T) {
			b := newBuilder(t, buildKit)
			before := b.containers()
			building, stopped := make(chan struct{}), make(chan struct{})
			b.proxy.leave = func(r *http.Request) {
				close(building)
				<-r.Context().Done() // the command that waits for the answer is gone
				close(stopped)
			}
			args := append(slices.Clone(b.args), "--source", writeTree(t, forkSource(name)), "--tag", "interrupted:1", "--no-cache")
			p := process.Run(t, process.Spec{Name: "otlpctl", Path: otlpctl(t), Args: args, Env: b.env})
			within := time.After(buildLimit)
			select {
			case <-building:
			case <-within:
				t.Fatalf("it does not build:\n%s", p.Tail(4<<10))
			}
			if err := p.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			if code, err := p.Wait(t.Context()); code != 130 || err != nil {
				t.Errorf("exit code %d %v:\n%s", code, err, p.Tail(4<<10))
			}
			select {
			case <-stopped:
			case <-within:
				t.Error("the engine builds on")
			}
			wait.For(t, startLimit, "the containers of the build to be gone", func() bool { return b.containers() <= before })
			if b.image("interrupted:1") != "" {
				t.Error("an interrupted build has a tag")
			}
		})
	}
}

// The Dockerfile is for people without otlpctl as well.
func TestDockerfileByHand(t *testing.T) {
	b := newBuilder(t, "1")
	for version, args := range map[string][]string{"2": nil, "1": {"--classic"}} {
		text := b.run(0, append([]string{"render", "dockerfile"}, args...)...).stdout
		var archive bytes.Buffer
		w := tar.NewWriter(&archive)
		files := forkSource("by hand")
		files["Dockerfile"] = text
		for name, content := range files {
			err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))})
			_, writeErr := w.Write([]byte(content))
			if err = errors.Join(err, writeErr); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		tag := "hand:" + version
		buildArgs := `{"GO_IMAGE":"` + goImage + `","GOPROXY":"` + b.proxy.URL + `","DEV_BASE":"` + goImage + `"}`
		q := url.Values{"networkmode": {"host"}, "version": {version}, "target": {"runtime"}, "t": {tag}, "buildargs": {buildArgs}}
		var log string
		if err := b.engine.Call(t.Context(), http.MethodPost, "/build?"+q.Encode(), &archive, &log); err != nil || b.image(tag) == "" {
			t.Fatalf("version %s: %v\n%s", version, err, log)
		}
		if got := b.output(tag); got != "by hand" {
			t.Errorf("it says %q", got)
		}
	}
}
