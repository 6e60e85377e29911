package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/client"
	"github.com/otlpctl/otlpctl/e2e/harness/dockerd"
	"github.com/otlpctl/otlpctl/e2e/harness/loopback"
	"github.com/otlpctl/otlpctl/e2e/harness/numbered"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/programs"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// What an image may have, for one platform, in bytes.
const (
	maxUnpacked   = 36_000_000
	maxCompressed = 14_000_000
)

// builtImage is what otlpctl image build -o json says.
type builtImage struct {
	Digest         string
	Size, Unpacked int64
	Layers         []struct{ Digest string }
	Platforms      []struct{ Platform, Digest, ID, SBOM string }
	Seconds        float64
}

// buildImage builds an image that must come to be. It does so in a folder of its own.
func buildImage(t *testing.T, env []string, args ...string) builtImage {
	t.Helper()
	args = append([]string{"image", "build", "-o", "json"}, args...)
	got := run(t, process.Spec{Name: "otlpctl", Path: otlpctl(t), Args: args, Env: env, Cwd: t.TempDir()})
	if got.code != 0 {
		t.Fatalf("otlpctl %s: exit %d\n%s", strings.Join(args, " "), got.code, got.stderr)
	}
	return decoded[builtImage](t, got)
}

// The same program gives the same image: in another folder, at another time, for a user with another umask, time zone
// and name of the program.
func TestImageIsReproducible(t *testing.T) {
	first := buildImage(t, nil)
	before := syscall.Umask(0o077)
	defer syscall.Umask(before)
	program, err := os.ReadFile(otlpctl(t))
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "renamed")
	if err := os.WriteFile(copied, program, 0o700); err != nil {
		t.Fatal(err)
	}
	second := buildImage(t, []string{"TZ=Asia/Tokyo"}, "--binary", copied, "--tag", "example.com/other:1")
	if first.Digest != second.Digest || first.Platforms[0].SBOM != second.Platforms[0].SBOM {
		t.Errorf("built twice: %+v and %+v", first, second)
	}
	if other := buildImage(t, []string{"SOURCE_DATE_EPOCH=1000000000"}); other.Digest == first.Digest {
		t.Error("another time makes no difference")
	}
}

func TestImageKeepsItsSize(t *testing.T) {
	built := buildImage(t, nil)
	t.Logf("%.1f MB compressed, %.1f MB unpacked, %d layers, built in %.1f s", float64(built.Size)/1e6, float64(built.Unpacked)/1e6, len(built.Layers), built.Seconds)
	if built.Unpacked > maxUnpacked || built.Size > maxCompressed {
		t.Errorf("%d bytes unpacked and %d compressed, want at most %d and %d", built.Unpacked, built.Size, maxUnpacked, maxCompressed)
	}
}

// imageRun is a container of an image, with the limits of the specification.
type imageRun struct {
	engine            *dockerd.Engine
	name              string
	grpc, http, admin string // host:port
}

// runImage starts a container of the image, which listens on the usual ports, and waits until it is ready.
func runImage(t *testing.T, engine *dockerd.Engine, name, ref string) *imageRun {
	t.Helper()
	addrs, err := loopback.Addrs(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	bindings := map[string]any{}
	for i, port := range []string{"4317/tcp", "4318/tcp", "8888/tcp"} {
		host, published, _ := net.SplitHostPort(addrs[i])
		bindings[port] = []map[string]string{{"HostIp": host, "HostPort": published}}
	}
	create := map[string]any{"Image": ref, "HostConfig": map[string]any{
		"Memory": 512 << 20, "NanoCpus": int64(2e9), "ReadonlyRootfs": true, "PortBindings": bindings,
		"CapDrop": []string{"ALL"}, "SecurityOpt": []string{"no-new-privileges"},
	}}
	if err := engine.Call(t.Context(), http.MethodPost, "/containers/create?name="+name, create, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = engine.Call(context.WithoutCancel(t.Context()), http.MethodDelete, "/containers/"+name+"?force=1", nil, nil)
	})
	began := time.Now()
	if err := engine.Call(t.Context(), http.MethodPost, "/containers/"+name+"/start", nil, nil); err != nil {
		t.Fatal(err)
	}
	r := &imageRun{engine, name, addrs[0], addrs[1], addrs[2]}
	wait.For(t, startLimit, "the container to be ready", func() bool {
		code, _, err := get(t.Context(), "http://"+r.admin+"/ready")
		return err == nil && code == http.StatusOK
	})
	t.Logf("%s: ready %.2f s after the engine was told to start it", name, time.Since(began).Seconds())
	return r
}

// send sends requests over both protocols, and expects every one to be accepted.
func (r *imageRun) send(t *testing.T, requests uint64) {
	t.Helper()
	for protocol, addr := range map[signal.Protocol]string{signal.GRPC: r.grpc, signal.HTTPProtobuf: r.http} {
		c, err := client.Dial(client.Target{Protocol: protocol, Addr: addr})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for number := range requests {
			if err := c.Export(t.Context(), signal.Traces, numbered.Request(signal.Traces, number*100+1, 100)); err != nil {
				t.Fatalf("%s, request %d: %v", protocol, number, err)
			}
		}
	}
}

// state returns what the engine says of the container.
func (r *imageRun) state(t *testing.T) (user string, running, killed bool) {
	t.Helper()
	var c struct {
		Config struct{ User string }
		State  struct{ Running, OOMKilled bool }
	}
	if err := r.engine.Call(t.Context(), http.MethodGet, "/containers/"+r.name+"/json", nil, &c); err != nil {
		t.Fatal(err)
	}
	return c.Config.User, c.State.Running, c.State.OOMKilled
}

// The image runs on a real engine with the limits of the specification, as nobody in particular, and takes load.
func TestImageRuns(t *testing.T) {
	engine := dockerd.Need(t)
	const ref = "otlpctl-oci:test"
	built := buildImage(t, engine.Env(), "--output", "engine", "--tag", ref)
	var loaded struct {
		ID     string
		Config struct {
			Healthcheck  struct{ Test []string }
			ExposedPorts map[string]struct{}
		}
	}
	if err := engine.Call(t.Context(), http.MethodGet, "/images/"+ref+"/json", nil, &loaded); err != nil {
		t.Fatal(err)
	}
	if loaded.ID != built.Platforms[0].ID {
		t.Errorf("the engine has %s, built was %s", loaded.ID, built.Platforms[0].ID)
	}
	if len(loaded.Config.Healthcheck.Test) == 0 || len(loaded.Config.ExposedPorts) != 3 {
		t.Errorf("the engine has lost something: %+v", loaded.Config)
	}
	r := runImage(t, engine, "oci-run", ref)
	r.send(t, 200)
	if user, running, killed := r.state(t); user != "1000:1000" || !running || killed {
		t.Errorf("user %s, running %v, killed %v", user, running, killed)
	}
}

// A base that the engine gave away, with layers that are not compressed and files of its own, becomes an image that runs.
func TestImageOnABase(t *testing.T) {
	engine := dockerd.Need(t)
	const base, ref = "oci-base:test", "otlpctl-oci:based"
	if err := engine.ImportBusybox(t.Context(), base); err != nil {
		t.Fatal(err)
	}
	var saved string
	if err := engine.Call(t.Context(), http.MethodGet, "/images/"+base+"/get", nil, &saved); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "base.tar")
	if err := os.WriteFile(file, []byte(saved), 0o600); err != nil {
		t.Fatal(err)
	}
	built := buildImage(t, engine.Env(), "--base", "docker-archive:"+file, "--output", "engine", "--tag", ref)
	if len(built.Layers) != 4 {
		t.Errorf("%d layers, want that of the base and three", len(built.Layers))
	}
	r := runImage(t, engine, "oci-based", ref)
	var archive string
	if err := engine.Call(t.Context(), http.MethodGet, "/containers/"+r.name+"/archive?path=/etc/passwd", nil, &archive); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(archive, "root:x:0:0:root:/:/bin/sh\notlp:x:1000:1000:") {
		t.Errorf("passwd %q", archive)
	}
}

// registryServer starts Docker's own registry and returns its host.
func registryServer(t *testing.T) string {
	t.Helper()
	addr, err := loopback.Addr(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := process.Run(t, registryProgram(t, addr))
	if err := p.WaitListening(t.Context(), startLimit, addr); err != nil {
		t.Fatal(err)
	}
	return addr
}

// registryProgram returns how Docker's own registry is started.
func registryProgram(t *testing.T, addr string) process.Spec {
	t.Helper()
	path := programs.Need(t, func(context.Context) (string, error) {
		path, err := exec.LookPath("docker-registry")
		if err != nil {
			err = fmt.Errorf("%w (Debian: docker-registry)", err)
		}
		return path, err
	})
	folder := t.TempDir()
	config := filepath.Join(folder, "registry.yaml")
	text := fmt.Sprintf("version: 0.1\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: %q}\n", filepath.Join(folder, "data"), addr)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return process.Spec{Name: "docker-registry", Path: path, Args: []string{"serve", config}}
}

// index is an image for several platforms, or a list of what refers to one.
type index struct {
	Manifests []struct {
		Digest, ArtifactType string
		Platform             struct{ OS, Architecture string }
	}
}

// fetchIndex reads an index from a registry.
func fetchIndex(t *testing.T, host, repository, reference string) (index, string) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+"/v2/"+repository+"/manifests/"+reference, nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Accept", "application/vnd.oci.image.index.v1+json")
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var found index
	if err := json.Unmarshal(body, &found); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s: %v\n%s", reference, answer.Status, err, body)
	}
	return found, answer.Header.Get("Docker-Content-Digest")
}

// releaseFolder returns a folder with a program for each of the usual platforms.
func releaseFolder(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for _, architecture := range []string{"amd64", "arm64"} {
		cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-tags", "grpcnotrace", "-ldflags", "-s -w",
			"-o", filepath.Join(folder, "otlpctl_linux_"+architecture, "otlpctl"), "./cmd/otlpctl")
		cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+architecture)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	return folder
}

// An image for two platforms, with a bill of materials for each, goes through a real registry to a real engine.
func TestImageThroughARegistry(t *testing.T) {
	engine := dockerd.Need(t)
	host := registryServer(t)
	built := buildImage(t, engine.Env(), "--binaries", releaseFolder(t), "--output", "registry", "--tag", host+"/otlpctl:1")
	found, digest := fetchIndex(t, host, "otlpctl", "1")
	var platforms []string
	for _, m := range found.Manifests {
		platforms = append(platforms, m.Platform.OS+"/"+m.Platform.Architecture)
	}
	if !slices.Equal(platforms, []string{"linux/amd64", "linux/arm64"}) || digest != built.Digest {
		t.Errorf("the registry has %s for %v, built was %s", digest, platforms, built.Digest)
	}
	for _, p := range built.Platforms {
		// This registry does not know what refers to an image: the list is under a tag.
		bills, _ := fetchIndex(t, host, "otlpctl", strings.Replace(p.Digest, ":", "-", 1))
		if len(bills.Manifests) != 1 || bills.Manifests[0].Digest != p.SBOM || bills.Manifests[0].ArtifactType != "application/spdx+json" {
			t.Errorf("%s: %+v refer to the image, want %s", p.Platform, bills.Manifests, p.SBOM)
		}
	}
	var answer string
	if err := engine.Call(t.Context(), http.MethodPost, "/images/create?fromImage="+host+"/otlpctl&tag=1", nil, &answer); err != nil {
		t.Fatal(err)
	}
	runImage(t, engine, "oci-pulled", host+"/otlpctl:1").send(t, 1)
}

// Whoever presses Ctrl-C finds nothing half-written.
func TestInterruptedImageBuildLeavesNothing(t *testing.T) {
	folder := t.TempDir()
	p := process.Run(t, process.Spec{
		Name: "otlpctl", Path: otlpctl(t), Cwd: folder, Args: []string{"image", "build", "--output", "docker-archive:image.tar"},
	})
	wait.For(t, startLimit, "the build to begin", func() bool {
		said, err := os.ReadFile(p.StderrPath())
		return err == nil && strings.Contains(string(said), "note: ")
	})
	if err := p.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	code, err := p.Wait(ctx)
	if err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	// It may have been quicker than the signal.
	if code == 130 && len(left) > 0 || code == 0 && len(left) != 1 || code != 0 && code != 130 {
		t.Errorf("exit %d, left %v", code, left)
	}
}

// A disk that is too small is said to be, and has what it had.
func TestImageOnAFullDisk(t *testing.T) {
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=2m"); err != nil {
		programs.Need(t, func(context.Context) (string, error) { return "", fmt.Errorf("mount a small disk: %w", err) })
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, 0); err != nil {
			t.Error(err)
		}
	})
	for _, output := range []string{"docker-archive:image.tar", "oci:layout"} {
		got := run(t, process.Spec{Name: "otlpctl", Path: otlpctl(t), Cwd: folder, Args: []string{"image", "build", "--output", output}})
		left, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		if got.code != 1 || !strings.Contains(got.stderr, "no space left on device") || !strings.Contains(got.stderr, "hint: nothing was left behind") || len(left) > 0 {
			t.Errorf("%s: exit %d, left %v\n%s", output, got.code, left, got.stderr)
		}
	}
}
