package oci_test

import (
	"archive/tar"
	"context"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/otlpctl/otlpctl/pkg/image"
	"github.com/otlpctl/otlpctl/pkg/image/imagetest"
	"github.com/otlpctl/otlpctl/pkg/image/oci"
)

func program(t *testing.T, p imagetest.Program) oci.Program {
	t.Helper()
	read, err := oci.ReadProgram("x", p.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// release is a program with everything that a release has.
func release() imagetest.Program {
	return imagetest.Program{
		Version: "v1.2.3", Revision: "0123abc", Time: "2026-11-25T14:00:00Z",
		Deps: []*debug.Module{{Path: "example.com/a", Version: "v1.0.0", Sum: "h1:x"}},
	}
}

func request(programs ...oci.Program) oci.Request {
	return oci.Request{
		Programs: programs, Config: []byte("admin: {}\n"), Ports: image.Ports(), SBOM: true,
		Tags: []string{"otlpctl:v1.2.3", "otlpctl:latest"},
	}
}

func build(t *testing.T, r oci.Request) *image.Built {
	t.Helper()
	built, err := oci.Build(t.Context(), r, func(image.Event) {})
	if err != nil {
		t.Fatal(err)
	}
	return built
}

func TestImageIsWhatManifestsRelyOn(t *testing.T) {
	built := build(t, request(program(t, release())))
	img := built.Variants[0].Image
	if err := validate.Image(img); err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(config.Config)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"Cmd":["serve","--config","/app/config.yaml"],` +
		`"Healthcheck":{"Test":["CMD","/app/otlpctl","serve","--config","/app/config.yaml","--health-check"],` +
		`"Interval":30000000000,"Timeout":3000000000,"StartPeriod":5000000000,"Retries":3},` +
		`"Entrypoint":["/app/otlpctl"],` +
		`"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/app","GOTRACEBACK=all"],` +
		`"Labels":{"description":"` + image.Description + `","maintainer":"The otlpctl authors \u003cotlpctl@users.noreply.github.com\u003e",` +
		`"org.opencontainers.image.created":"2026-11-25T14:00:00Z","org.opencontainers.image.description":"` + image.Description + `",` +
		`"org.opencontainers.image.licenses":"Apache-2.0","org.opencontainers.image.revision":"0123abc",` +
		`"org.opencontainers.image.source":"https://github.com/otlpctl/otlpctl","org.opencontainers.image.title":"otlpctl",` +
		`"org.opencontainers.image.vendor":"otlpctl","org.opencontainers.image.version":"v1.2.3","version":"v1.2.3"},` +
		`"User":"1000:1000","WorkingDir":"/app","ExposedPorts":{"4317/tcp":{},"4318/tcp":{},"8888/tcp":{}}}`
	if string(got) != want {
		t.Errorf("config\n%s\nwant\n%s", got, want)
	}
	if len(config.History) != 3 || config.Architecture != "amd64" || config.OS != "linux" {
		t.Errorf("history, platform: %v %s/%s", config.History, config.OS, config.Architecture)
	}
}

// files returns what is in an image: mode, owner and size by path.
func files(t *testing.T, img v1.Image) map[string]string {
	t.Helper()
	all := mutate.Extract(img)
	defer all.Close()
	found := map[string]string{}
	for r := tar.NewReader(all); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		found["/"+strings.TrimSuffix(h.Name, "/")] = fmt.Sprintf("%c %o %d:%d", h.Typeflag, h.Mode, h.Uid, h.Gid)
	}
}

func TestFilesOfTheImage(t *testing.T) {
	got := files(t, build(t, request(program(t, release()))).Variants[0].Image)
	for path, want := range map[string]string{
		"/app": "5 755 1000:1000", "/data": "5 755 1000:1000", "/tmp": "5 1777 0:0",
		"/app/otlpctl": "0 755 0:0", "/app/config.yaml": "0 644 0:0",
		"/etc/passwd": "0 644 0:0", "/etc/group": "0 644 0:0", "/etc/ssl/certs/ca-certificates.crt": "0 644 0:0",
		"/usr/share/zoneinfo/Europe/Berlin": "0 644 0:0", "/usr/share/zoneinfo": "5 755 0:0",
	} {
		if got[path] != want {
			t.Errorf("%s: %q, want %q", path, got[path], want)
		}
	}
}

func TestImageIsReproducible(t *testing.T) {
	digest := func(change func(*oci.Request)) string {
		t.Helper()
		r := request(program(t, release()))
		change(&r)
		built := build(t, r)
		digest, err := built.Digest()
		if err != nil {
			t.Fatal(err)
		}
		bill, err := built.Variants[0].SBOM.Digest()
		if err != nil {
			t.Fatal(err)
		}
		return digest.String() + " " + bill.String()
	}
	first := digest(func(*oci.Request) {})
	epoch := time.Unix(1e9, 0)
	t.Setenv("TZ", "Asia/Tokyo")
	t.Setenv("HOME", t.TempDir())
	if again := digest(func(r *oci.Request) { r.Tags = []string{"other:tag"} }); again != first {
		t.Errorf("the same request gave %s and %s", first, again)
	}
	for name, change := range map[string]func(*oci.Request){
		"configuration": func(r *oci.Request) { r.Config = []byte("other: {}\n") },
		"time":          func(r *oci.Request) { r.Created = &epoch },
		"ports":         func(r *oci.Request) { r.Ports = nil },
	} {
		if other := digest(change); other == first {
			t.Errorf("another %s makes no difference", name)
		}
	}
}

func TestPlatformsMakeAnIndex(t *testing.T) {
	arm := release()
	arm.Machine = elf.EM_AARCH64
	built := build(t, request(program(t, release()), program(t, arm)))
	if err := validate.Index(built.Index); err != nil {
		t.Fatal(err)
	}
	manifest, err := built.Index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var platforms []string
	for _, d := range manifest.Manifests {
		if d.ArtifactType != "" {
			t.Errorf("the image's own descriptor has the artifact type %s", d.ArtifactType)
		}
		platforms = append(platforms, d.Platform.String())
	}
	if !slices.Equal(platforms, []string{"linux/amd64", "linux/arm64"}) {
		t.Errorf("platforms %v", platforms)
	}
}

func TestBuildTellsItsSteps(t *testing.T) {
	r := request(program(t, release()))
	var ended int
	_, err := oci.Build(t.Context(), r, func(e image.Event) {
		if e.State == image.Done {
			ended++
		}
	})
	if err != nil || ended != r.Steps() {
		t.Errorf("%d steps ended, want %d: %v", ended, r.Steps(), err)
	}
}

func TestCancelledBuildEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := oci.Build(ctx, request(program(t, release())), func(image.Event) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// Packing the program takes seconds on a busy machine: it does not go on to its end.
func TestPackingEndsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last image.Event
	_, err := oci.Build(ctx, request(program(t, release())), func(e image.Event) {
		if last = e; strings.Contains(e.Name, image.BinaryPath) {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || last.State != image.Failed {
		t.Errorf("%v, after %s %s", err, last.Name, last.State)
	}
}
