package image

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// testImage returns a random image for a platform.
func testImage(t testing.TB, architecture string) v1.Image {
	t.Helper()
	img, err := random.Image(1000, 2)
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", architecture
	if img, err = mutate.ConfigFile(img, config); err != nil {
		t.Fatal(err)
	}
	return img
}

// testIndex returns an index of images for amd64 and arm64, with what BuildKit attests of one.
func testIndex(t testing.TB) v1.ImageIndex {
	t.Helper()
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, architecture := range []string{"amd64", "arm64", "unknown"} {
		platform := v1.Platform{OS: "linux", Architecture: architecture}
		if architecture == "unknown" {
			platform.OS = "unknown"
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        testImage(t, architecture),
			Descriptor: v1.Descriptor{Platform: &platform},
		})
	}
	return index
}

// testSBOM returns a bill of materials of an image.
func testSBOM(t testing.TB, of v1.Image) v1.Image {
	t.Helper()
	digest, err := of.Digest()
	if err != nil {
		t.Fatal(err)
	}
	size, err := of.Size()
	if err != nil {
		t.Fatal(err)
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), "application/spdx+json")
	return mutate.Subject(img, v1.Descriptor{MediaType: types.OCIManifestSchema1, Digest: digest, Size: size}).(v1.Image)
}

// testLayout returns an empty layout.
func testLayout(t testing.TB) layout.Path {
	t.Helper()
	l, err := layout.Write(t.TempDir(), empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func named(name string) layout.Option {
	return layout.WithAnnotations(map[string]string{refName: name})
}

// testArchive writes an image as a docker-archive.
func testArchive(t testing.TB, img v1.Image) string {
	t.Helper()
	at := filepath.Join(t.TempDir(), "image.tar")
	tag, err := name.NewTag("example.com/image:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := tarball.WriteToFile(at, tag, img); err != nil {
		t.Fatal(err)
	}
	return at
}

// tarOf writes files to a tar in their order: name, content, name, content.
func tarOf(t testing.TB, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: files[i], Mode: 0o644, Size: int64(len(files[i+1]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, files[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(t.TempDir(), "made.tar")
	if err := os.WriteFile(at, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return at
}

// tarFolder writes a folder to a tar.
func tarFolder(t testing.TB, folder string) string {
	t.Helper()
	var files []string
	err := fs.WalkDir(os.DirFS(folder), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(folder, name))
		files = append(files, "./"+name, string(data))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tarOf(t, files...)
}

// opened opens an image, which must work.
func opened(t testing.TB, text string, o OpenOptions) *Built {
	t.Helper()
	built, closer, err := Open(t.Context(), text, o)
	if err != nil {
		t.Fatalf("Open(%q): %v", text, err)
	}
	t.Cleanup(func() {
		if err := closer.Close(); err != nil {
			t.Error(err)
		}
	})
	return built
}

func platforms(b *Built) string {
	var names []string
	for _, v := range b.Variants {
		names = append(names, v.Platform.String())
	}
	return strings.Join(names, " ")
}

// checkImage reads everything of an image and compares it with its digests.
func checkImage(t testing.TB, b *Built) {
	t.Helper()
	for _, v := range b.Variants {
		if err := validate.Image(v.Image); err != nil {
			t.Errorf("%s: %v", v.Platform, err)
		}
	}
}

func TestOpenFiles(t *testing.T) {
	img, index := testImage(t, "arm64"), testIndex(t)
	single, several, both := testLayout(t), testLayout(t), testLayout(t)
	check(t, single.AppendImage(img), several.AppendIndex(index, named("1.0")))
	check(t, both.AppendImage(img, named("one")), both.AppendIndex(index, named("example.com/image:two")))
	archive := testArchive(t, img)

	f := func(text string, o OpenOptions, want string) {
		t.Helper()
		b := opened(t, text, o)
		if got := platforms(b); got != want {
			t.Errorf("%s: platforms %s, want %s", text, got, want)
		}
		if hasIndex := b.Index != nil; hasIndex != (len(b.Variants) > 1) {
			t.Errorf("%s: index = %v for %d platforms", text, hasIndex, len(b.Variants))
		}
		checkImage(t, b)
	}
	f(string(single), OpenOptions{}, "linux/arm64")
	f("oci:"+string(single), OpenOptions{}, "linux/arm64")
	f(tarFolder(t, string(single)), OpenOptions{}, "linux/arm64")
	f("oci:"+tarFolder(t, string(several)), OpenOptions{}, "linux/amd64 linux/arm64")
	f(string(several), OpenOptions{Platform: "linux/arm64"}, "linux/arm64")
	f("oci:"+string(several)+":1.0", OpenOptions{}, "linux/amd64 linux/arm64")
	f("oci:"+string(both)+":one", OpenOptions{}, "linux/arm64")
	f("oci:"+string(both)+":two", OpenOptions{}, "linux/amd64 linux/arm64")
	f("oci:"+string(both)+":image:two", OpenOptions{}, "linux/amd64 linux/arm64")
	f(archive, OpenOptions{}, "linux/arm64")
	f("docker-archive:"+archive, OpenOptions{Platform: "linux/arm64"}, "linux/arm64")
}

func check(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// The digests of a layout are those of the image; a docker-archive keeps the ID only.
func TestOpenKeepsDigests(t *testing.T) {
	img := testImage(t, "amd64")
	l := testLayout(t)
	check(t, l.AppendImage(img))
	got := opened(t, string(l), OpenOptions{}).Variants[0].Image
	archived := opened(t, testArchive(t, img), OpenOptions{})
	f := func(what string, got, want func() (v1.Hash, error)) {
		t.Helper()
		g, err := got()
		check(t, err)
		w, err := want()
		check(t, err)
		if g != w {
			t.Errorf("%s: %s, want %s", what, g, w)
		}
	}
	f("digest", got.Digest, img.Digest)
	f("id", got.ConfigName, img.ConfigName)
	f("id in the archive", archived.Variants[0].Image.ConfigName, img.ConfigName)
	if want := "example.com/image:1"; len(archived.Tags) != 1 || archived.Tags[0] != want {
		t.Errorf("tags %q, want %s", archived.Tags, want)
	}
}

// The bill of materials is no image of its own, but belongs to one.
func TestOpenFindsSBOM(t *testing.T) {
	index := testIndex(t)
	l := testLayout(t)
	check(t, l.AppendIndex(index))
	images := opened(t, string(l), OpenOptions{}).Variants
	sbom := testSBOM(t, images[1].Image)
	check(t, l.AppendImage(sbom))
	b := opened(t, string(l), OpenOptions{})
	if b.Variants[0].SBOM != nil || b.Variants[1].SBOM == nil {
		t.Fatalf("SBOMs %v and %v, want one of the second image only", b.Variants[0].SBOM, b.Variants[1].SBOM)
	}
	got, err := b.Variants[1].SBOM.Digest()
	check(t, err)
	want, err := sbom.Digest()
	check(t, err)
	if got != want {
		t.Errorf("SBOM %s, want %s", got, want)
	}
}

// fakeEngine is an engine with at most one image.
type fakeEngine struct {
	name, archive string
	err           error
}

func (f fakeEngine) Save(_ context.Context, ref string) (io.ReadCloser, error) {
	switch {
	case f.err != nil:
		return nil, f.err
	case ref != f.name:
		return nil, fmt.Errorf("%s: %w", ref, ErrNotFound)
	}
	return os.Open(f.archive)
}

// The copy of an engine's image goes with the closing, and with every failure.
func TestOpenEngine(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	t.Setenv("TMP", folder) // on Windows
	e := fakeEngine{name: "otlpctl:1", archive: testArchive(t, testImage(t, "amd64"))}
	copies := func() int {
		found, err := filepath.Glob(filepath.Join(folder, "otlpctl-image-*"))
		check(t, err)
		return len(found)
	}
	for _, text := range []string{"engine:otlpctl:1", "otlpctl:1"} {
		b, closer, err := Open(t.Context(), text, OpenOptions{Saver: e})
		check(t, err)
		checkImage(t, b)
		if copies() != 1 {
			t.Errorf("%s: %d copies while it is open, want 1", text, copies())
		}
		check(t, closer.Close())
	}
	_, _, err := Open(t.Context(), "engine:otlpctl:2", OpenOptions{Saver: e})
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("error %v, want not found", err)
	}
	_, _, err = Open(t.Context(), "engine:otlpctl:1", OpenOptions{Saver: e, Platform: "linux/s390x"})
	if err == nil || !strings.Contains(err.Error(), "no image for linux/s390x") {
		t.Errorf("error %v, want no image for the platform", err)
	}
	cut := fakeEngine{name: "cut", archive: cutOff(t, e.archive)}
	if _, _, err = Open(t.Context(), "engine:cut", OpenOptions{Saver: cut}); err == nil {
		t.Error("half an archive was taken")
	}
	if copies() != 0 {
		t.Errorf("%d copies were left", copies())
	}
}

func cutOff(t testing.TB, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	check(t, err)
	at := filepath.Join(t.TempDir(), "cut.tar")
	check(t, os.WriteFile(at, data[:len(data)/2], 0o600))
	return at
}

// Whoever interrupts waits for no layer.
func TestOpenIsCancelled(t *testing.T) {
	l := testLayout(t)
	check(t, l.AppendImage(testImage(t, "amd64")))
	ctx, cancel := context.WithCancel(t.Context())
	b, closer, err := Open(ctx, string(l), OpenOptions{})
	check(t, err)
	defer closer.Close()
	cancel()
	layers, err := b.Variants[0].Image.Layers()
	if err == nil {
		_, err = layers[0].Uncompressed()
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want canceled", err)
	}
}
