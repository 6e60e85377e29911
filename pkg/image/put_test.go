package image_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/otlpctl/otlpctl/pkg/image"
	"github.com/otlpctl/otlpctl/pkg/image/sbom"
)

// built returns an image with a bill of materials for each platform.
func built(t *testing.T, tags []string, architectures ...string) *image.Built {
	t.Helper()
	b := &image.Built{Tags: tags}
	for _, architecture := range architectures {
		source, err := random.Image(1000, 2)
		check(t, err)
		layers, err := source.Layers()
		check(t, err)
		config, err := source.RawConfigFile()
		check(t, err)
		config = bytes.Replace(config, []byte(`"architecture":""`), []byte(`"architecture":"`+architecture+`"`), 1)
		config = bytes.Replace(config, []byte(`"os":""`), []byte(`"os":"linux"`), 1)
		img, err := image.Assemble(v1.Manifest{
			SchemaVersion: 2, MediaType: types.OCIManifestSchema1, Config: v1.Descriptor{MediaType: types.OCIConfigJSON},
		}, config, layers)
		check(t, err)
		bill, err := sbom.Attach(img, sbom.Material{Info: &debug.BuildInfo{}, Version: architecture, Created: time.Unix(0, 0)})
		check(t, err)
		b.Variants = append(b.Variants, image.BuiltVariant{Platform: v1.Platform{OS: "linux", Architecture: architecture}, Image: img, SBOM: bill})
	}
	if len(architectures) > 1 {
		var err error
		b.Index, err = image.NewIndex(b.Variants, nil)
		check(t, err)
	}
	return b
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q in it", err, want)
	}
}

// reopened returns the digest of what is in a place now, once all of it has been read.
func reopened(t *testing.T, text string) (*image.Built, string) {
	t.Helper()
	b, closer, err := image.Open(t.Context(), text, image.OpenOptions{})
	check(t, err)
	t.Cleanup(func() { _ = closer.Close() })
	_, err = image.ResultOf("", b)
	check(t, err)
	digest, err := b.Digest()
	check(t, err)
	return b, digest.String()
}

func digestOf(t *testing.T, b *image.Built) string {
	t.Helper()
	digest, err := b.Digest()
	check(t, err)
	return digest.String()
}

func TestArchiveIsTheSameImage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "image.tar")
	b := built(t, []string{"a:1", "example.com/b:2"}, "amd64")
	to := image.Place{Kind: image.Archive, Path: path}
	check(t, image.Put(t.Context(), b, to, image.PutOptions{}))
	again, _ := reopened(t, "docker-archive:"+path)
	want, err := b.Variants[0].Image.ConfigName()
	check(t, err)
	got, err := again.Variants[0].Image.ConfigName()
	check(t, err)
	if got != want || strings.Join(again.Tags, " ") != "a:1 example.com/b:2" {
		t.Errorf("%s %v, want %s", got, again.Tags, want)
	}
	first, err := os.ReadFile(path)
	check(t, err)
	check(t, image.Put(t.Context(), b, to, image.PutOptions{}))
	second, err := os.ReadFile(path)
	check(t, err)
	if !bytes.Equal(first, second) {
		t.Error("the same image gives different archives")
	}
}

// brokenLayer cannot be read to its end.
type brokenLayer struct{ v1.Layer }

func (brokenLayer) Compressed() (io.ReadCloser, error) {
	return io.NopCloser(io.MultiReader(strings.NewReader("some"), brokenReader{})), nil
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("the disk is gone") }

// broken returns an image whose last layer cannot be read.
func broken(t *testing.T, tags ...string) *image.Built {
	t.Helper()
	b := built(t, tags, "amd64")
	layers, err := b.Variants[0].Image.Layers()
	check(t, err)
	layers[1] = brokenLayer{layers[1]}
	config, err := b.Variants[0].Image.RawConfigFile()
	check(t, err)
	b.Variants[0].Image, err = image.Assemble(v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, Config: v1.Descriptor{MediaType: types.OCIConfigJSON},
	}, config, layers)
	check(t, err)
	return b
}

// tree returns the files below a folder with their content.
func tree(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	check(t, filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		files[path] = string(data)
		return err
	}))
	return files
}

func TestNothingIsLeftHalfWritten(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, kind := range []image.Kind{image.Archive, image.Layout} {
		folder := t.TempDir()
		to := image.Place{Kind: kind, Path: filepath.Join(folder, "image")}
		f := func(ctx context.Context, b *image.Built, want string) {
			t.Helper()
			before := tree(t, folder)
			wantError(t, image.Put(ctx, b, to, image.PutOptions{}), want)
			after := tree(t, folder)
			if len(after) != len(before) {
				t.Errorf("%s: %d files, before %d", kind, len(after), len(before))
			}
			for path, content := range before {
				if after[path] != content {
					t.Errorf("%s: %s has changed", kind, path)
				}
			}
		}
		f(t.Context(), broken(t, "a:1"), "the disk is gone")
		f(cancelled, built(t, []string{"a:1"}, "amd64"), "canceled")
		check(t, image.Put(t.Context(), built(t, []string{"a:1"}, "amd64"), to, image.PutOptions{}))
		f(t.Context(), broken(t, "a:1"), "the disk is gone")
		f(cancelled, built(t, []string{"a:1"}, "amd64"), "canceled")
	}
}

func TestPlacesThatDoNotFitAreRefused(t *testing.T) {
	folder := t.TempDir()
	check(t, os.WriteFile(filepath.Join(folder, "file"), nil, 0o600))
	f := func(kind image.Kind, path string, architectures []string, want string) {
		t.Helper()
		b := built(t, []string{"a:1"}, architectures...)
		wantError(t, image.Put(t.Context(), b, image.Place{Kind: kind, Path: path}, image.PutOptions{}), want)
	}
	one, two := []string{"amd64"}, []string{"amd64", "arm64"}
	f(image.Archive, folder, one, "is there, and no regular file")
	f(image.Archive, filepath.Join(folder, "no", "image.tar"), one, "there is no folder")
	f(image.Archive, filepath.Join(folder, "image.tar"), two, "has 2 platforms")
	f(image.Layout, folder, one, "has files in it, and is no OCI layout")
	f(image.Layout, filepath.Join(folder, "file"), one, "file")
}

// engine is a container engine that reads some of what it is given.
type engine struct {
	loaded bytes.Buffer
	reads  int64
	err    error
}

func (e *engine) Load(_ context.Context, archive io.Reader) error {
	if e.reads > 0 {
		archive = io.LimitReader(archive, e.reads)
	}
	_, err := io.Copy(&e.loaded, archive)
	return errors.Join(err, e.err)
}

func TestEngineGetsAnArchive(t *testing.T) {
	b := built(t, []string{"a:1"}, "amd64")
	var want bytes.Buffer
	check(t, image.WriteArchive(t.Context(), b, &want))
	f := func(e *engine, b *image.Built, fault string) {
		t.Helper()
		err := image.Put(t.Context(), b, image.Place{Kind: image.Engine}, image.PutOptions{Loader: e})
		if fault != "" {
			wantError(t, err, fault)
			return
		}
		check(t, err)
		if !bytes.Equal(e.loaded.Bytes(), want.Bytes()) {
			t.Error("the engine got something else")
		}
	}
	f(&engine{}, b, "")
	f(&engine{reads: 100, err: errors.New("no room")}, b, "no room") // and does not hang
	f(&engine{}, broken(t, "a:1"), "the disk is gone")
}
