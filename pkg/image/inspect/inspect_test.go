package inspect

import (
	"archive/tar"
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/otlpctl/otlpctl/pkg/image"
	"github.com/otlpctl/otlpctl/pkg/image/imagetest"
)

// made is a file for a test. Without a kind it is a regular one.
type made struct {
	name, content, link string
	kind                byte
	mode                int64
	time                int64 // seconds since 1970
}

// tarOf writes files to a tar in their order.
func tarOf(t testing.TB, files ...made) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Typeflag: f.kind, Linkname: f.link, Mode: f.mode, Size: int64(len(f.content)), ModTime: time.Unix(f.time, 0)}
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		if strings.HasSuffix(f.name, "/") {
			h.Typeflag = tar.TypeDir
		}
		check(t, w.WriteHeader(h))
		_, err := io.WriteString(w, f.content)
		check(t, err)
	}
	check(t, w.Close())
	return b.Bytes()
}

func layerOf(t testing.TB, content []byte, options ...tarball.LayerOption) v1.Layer {
	t.Helper()
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }, options...)
	check(t, err)
	return l
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// imageOf makes an image for linux/amd64 of layers, and has change complete its configuration.
func imageOf(t testing.TB, change func(*v1.ConfigFile), layers ...[]made) image.BuiltVariant {
	t.Helper()
	img := empty.Image
	for _, files := range layers {
		var err error
		img, err = mutate.Append(img, mutate.Addendum{Layer: layerOf(t, tarOf(t, files...)), History: v1.History{CreatedBy: files[0].name}})
		check(t, err)
	}
	config, err := img.ConfigFile()
	check(t, err)
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", "amd64"
	if change != nil {
		change(config)
	}
	img, err = mutate.ConfigFile(img, config)
	check(t, err)
	return image.BuiltVariant{Platform: v1.Platform{OS: "linux", Architecture: "amd64"}, Image: img}
}

func built(variants ...image.BuiltVariant) *image.Built { return &image.Built{Variants: variants} }

// goodFiles are those of an image that all rules like.
func goodFiles() []made {
	return []made{
		{name: "app/"},
		{name: "app/otlpctl", content: string(imagetest.Program{Version: "v1.2.3"}.Bytes()), mode: 0o755},
		{name: "app/config.yaml", content: "{}"},
		{name: "etc/ssl/certs/ca-certificates.crt", content: "-----BEGIN CERTIFICATE-----"},
	}
}

// goodConfig is the configuration of an image that all rules like.
func goodConfig(c *v1.ConfigFile) {
	health := image.Health()
	c.Config = v1.Config{
		User: image.RunAs, Entrypoint: image.Entrypoint(), Cmd: image.Command(), Env: image.Environment(),
		WorkingDir: image.AppFolder, ExposedPorts: map[string]struct{}{}, Labels: map[string]string{},
		Healthcheck: &v1.HealthConfig{Test: health.Test, Interval: health.Interval},
	}
	for _, port := range image.Ports() {
		c.Config.ExposedPorts[port] = struct{}{}
	}
	for _, name := range []string{"title", "description", "version", "revision", "created", "source", "licenses"} {
		c.Config.Labels["org.opencontainers.image."+name] = "set"
	}
	c.Created = v1.Time{Time: time.Unix(1700000000, 0)}
}

func listens([]byte) []string { return image.Ports() }

func inspected(t testing.TB, v image.BuiltVariant) Report {
	t.Helper()
	r, err := Image("test", built(v), listens)
	check(t, err)
	return r
}

func TestReport(t *testing.T) {
	r := inspected(t, imageOf(t, goodConfig, goodFiles(), []made{
		{name: "app/config.yaml", content: "longer: {}"},
		{name: "link", kind: tar.TypeSymlink, link: "app"},
	}))
	if len(r.Layers) != 2 || r.Layers[1].Files != 2 || r.Layers[1].Unpacked != 10 || r.Layers[1].CreatedBy != "app/config.yaml" {
		t.Errorf("layers %+v", r.Layers)
	}
	if r.Size != r.Layers[0].Size+r.Layers[1].Size || r.Unpacked != r.Layers[0].Unpacked+r.Layers[1].Unpacked {
		t.Errorf("size %d and %d are not those of the layers", r.Size, r.Unpacked)
	}
	if want := (Lost{"/app/config.yaml", 2, 1, "overwritten"}); r.Wasted.Size != 2 || r.Wasted.Files != 1 || r.Wasted.Top[0] != want {
		t.Errorf("wasted %+v, want %+v", r.Wasted, want)
	}
	p := Program{Path: "/app/otlpctl", Size: r.Program.Size, Static: true, Module: "github.com/otlpctl/otlpctl", Version: "v1.2.3", Go: "go1.26.0"}
	if *r.Program != p {
		t.Errorf("program %+v, want %+v", *r.Program, p)
	}
	if r.SBOM.Source != "program" || r.SBOM.Format != "" {
		t.Errorf("sbom %+v, want that of the program", r.SBOM)
	}
	if h := r.Config.HealthCheck; h == nil || h.Interval != "30s" || h.Timeout != "" || len(h.Test) < 2 {
		t.Errorf("health check %+v", h)
	}
	if r.Created.Unix() != 1700000000 || r.Platform != "linux/amd64" || len(r.Platforms) != 1 {
		t.Errorf("created %s, platform %s of %v", r.Created, r.Platform, r.Platforms)
	}
}

// An image without anything is an image.
func TestReportOfNothing(t *testing.T) {
	r := inspected(t, image.BuiltVariant{Platform: v1.Platform{OS: "linux", Architecture: "amd64"}, Image: empty.Image})
	if r.Program != nil || r.SBOM != nil || r.Config.HealthCheck != nil || r.Size != 0 {
		t.Errorf("report %+v", r)
	}
	if r.Config.Ports == nil || r.Config.Env == nil || r.Config.Cmd == nil || r.Wasted.Top == nil || r.Config.Labels == nil {
		t.Errorf("a list would be null in JSON: %+v", r)
	}
}
