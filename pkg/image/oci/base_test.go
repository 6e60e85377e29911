package oci_test

import (
	"archive/tar"
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/otlpctl/otlpctl/pkg/image"
	"github.com/otlpctl/otlpctl/pkg/image/oci"
)

// layerOf returns a layer with the entries. A path that ends in a slash is a folder, one with -> a link.
func layerOf(t *testing.T, mediaType types.MediaType, entries ...string) v1.Layer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, entry := range entries {
		name, content, _ := strings.Cut(entry, "=")
		h := &tar.Header{Name: name, Mode: 0o755, Size: int64(len(content)), Typeflag: tar.TypeReg}
		if link, target, ok := strings.Cut(name, "->"); ok {
			h = &tar.Header{Name: link, Linkname: target, Mode: 0o777, Typeflag: tar.TypeSymlink}
		} else if strings.HasSuffix(name, "/") {
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil }, tarball.WithMediaType(mediaType))
	if err != nil {
		t.Fatal(err)
	}
	return layer
}

// baseOf returns a base image, as docker makes it.
func baseOf(t *testing.T, architecture string, layers ...v1.Layer) *image.Built {
	t.Helper()
	img, err := mutate.AppendLayers(empty.Image, layers...)
	if err != nil {
		t.Fatal(err)
	}
	img, err = mutate.ConfigFile(img, &v1.ConfigFile{
		OS: "linux", Architecture: architecture, RootFS: rootFS(t, img),
		Config: v1.Config{
			Env:        []string{"PATH=/opt/bin:/bin", "LANG=C", "GOTRACEBACK=none"},
			Labels:     map[string]string{"org.opencontainers.image.title": "base", "org.opencontainers.image.authors": "them", "kept": "yes"},
			Entrypoint: []string{"/bin/sh"}, Cmd: []string{"-c"}, User: "root", StopSignal: "SIGQUIT",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return &image.Built{
		Tags:     []string{"example.com/base:1"},
		Variants: []image.BuiltVariant{{Platform: v1.Platform{OS: "linux", Architecture: architecture}, Image: img}},
	}
}

func rootFS(t *testing.T, img v1.Image) v1.RootFS {
	t.Helper()
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	return config.RootFS
}

func on(t *testing.T, base *image.Built) oci.Request {
	t.Helper()
	r := request(program(t, release()))
	r.Base, r.BaseName, r.Folder = base, "example.com/base:1", t.TempDir()
	return r
}

func TestBaseKeepsWhatItHas(t *testing.T) {
	base := baseOf(t, "amd64", layerOf(t, types.DockerLayer,
		"etc/", "etc/ssl/", "etc/ssl/certs->../pki", "etc/pki/", "etc/ssl/cert.pem=its own",
		"usr/", "usr/share/", "usr/share/zoneinfo/", "usr/share/zoneinfo/UTC=its own", "tmp->/var/tmp",
		"etc/passwd=root:x:0:0::/:/bin/sh\nother:x:1:1::/:", "etc/group=root:x:0:\n"))
	built := build(t, on(t, base))
	img := built.Variants[0].Image
	if err := validate.Image(img); err != nil {
		t.Fatal(err)
	}
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	var own []string
	content, err := layers[1].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	passwd := ""
	for r := tar.NewReader(content); ; {
		h, err := r.Next()
		if err != nil {
			break
		}
		own = append(own, h.Name)
		if h.Name == "etc/passwd" {
			text, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			passwd = string(text)
		}
	}
	if want := []string{"app/", "data/", "etc/group", "etc/passwd"}; !slices.Equal(own, want) {
		t.Errorf("added %v, want %v", own, want)
	}
	if want := "root:x:0:0::/:/bin/sh\nother:x:1:1::/:\notlp:x:1000:1000:otlpctl:/app:/sbin/nologin\n"; passwd != want {
		t.Errorf("passwd %q, want %q", passwd, want)
	}
}

func TestConfigOnABase(t *testing.T) {
	base := baseOf(t, "amd64", layerOf(t, types.DockerLayer, "bin/", "bin/sh=x"))
	img := build(t, on(t, base)).Variants[0].Image
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"PATH=/opt/bin:/bin:/app", "LANG=C", "GOTRACEBACK=all"}; !slices.Equal(config.Config.Env, want) {
		t.Errorf("environment %q, want %q", config.Config.Env, want)
	}
	if c := config.Config; c.User != image.RunAs || c.StopSignal != "" || !slices.Equal(c.Cmd, image.Command()) {
		t.Errorf("config %+v", c)
	}
	labels := config.Config.Labels
	if labels["kept"] != "yes" || labels["org.opencontainers.image.authors"] != "" || labels["org.opencontainers.image.title"] != "otlpctl" {
		t.Errorf("labels %v", labels)
	}
	digest, err := base.Variants[0].Image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if labels["org.opencontainers.image.base.name"] != "example.com/base:1" || labels["org.opencontainers.image.base.digest"] != digest.String() {
		t.Errorf("labels %v", labels)
	}
	manifest, err := img.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	for _, layer := range manifest.Layers {
		if layer.MediaType != types.OCILayer {
			t.Errorf("a layer of the type %s in an OCI manifest", layer.MediaType)
		}
	}
	if len(config.History) != 4 || config.History[0].CreatedBy != "base image" {
		t.Errorf("history %v", config.History)
	}
}

func TestBasesThatDoNotFitAreRefused(t *testing.T) {
	f := func(architecture string, mediaType types.MediaType, entries []string, want string) {
		t.Helper()
		r := on(t, baseOf(t, architecture, layerOf(t, mediaType, entries...)))
		_, err := oci.Build(t.Context(), r, func(image.Event) {})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
	f("arm64", types.DockerLayer, nil, "base image example.com/base:1 has nothing for linux/amd64")
	f("amd64", types.DockerForeignLayer, nil, "cannot be passed on")
	f("amd64", types.DockerLayer, []string{"etc/passwd=node:x:1000:1000::/:\n"}, "/etc/passwd gives the number 1000 to node")
	f("amd64", types.DockerLayer, []string{"etc/passwd=otlp:x:5:5::/:\n"}, "/etc/passwd gives otlp the number 5, and it must be 1000")
	f("amd64", types.DockerLayer, []string{"etc/group=staff:x:1000:\n"}, "/etc/group gives the number 1000 to staff")
	f("amd64", types.DockerLayer, []string{"app->opt"}, "/app is there, and no folder")
	f("amd64", types.DockerLayer, []string{"etc/passwd->shadow"}, "/etc/passwd is there, and no file")
}
