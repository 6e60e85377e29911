package image

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// openAll opens an image and reads all of it.
func openAll(t testing.TB, text string, o OpenOptions) error {
	t.Helper()
	b, closer, err := Open(t.Context(), text, o)
	if err != nil {
		return err
	}
	defer func() {
		if err := closer.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, v := range b.Variants {
		if err := readAll(v.Image); err != nil {
			return err
		}
	}
	return nil
}

func readAll(img v1.Image) error {
	if _, err := img.ConfigFile(); err != nil {
		return err
	}
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	for _, layer := range layers {
		content, err := layer.Uncompressed()
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, content); err != nil {
			return err
		}
		if err := content.Close(); err != nil {
			return err
		}
	}
	return nil
}

// wantFault checks that an error says what it must, and what to do.
func wantFault(t testing.TB, text string, err error, want string) {
	t.Helper()
	hint, hinted := errors.AsType[interface {
		error
		Hint() string
	}](err)
	switch {
	case err == nil:
		t.Errorf("%s: no error, want %q", text, want)
	case !strings.Contains(err.Error(), want):
		t.Errorf("%s: error %q, want %q", text, err, want)
	case !hinted || hint.Hint() == "":
		t.Errorf("%s: error %q has no hint", text, err)
	}
}

func TestOpenFaults(t *testing.T) {
	img := testImage(t, "amd64")
	archive := testArchive(t, img)
	single, several, twice, nothing := testLayout(t), testLayout(t), testLayout(t), testLayout(t)
	check(t, single.AppendImage(img), several.AppendIndex(testIndex(t)))
	check(t, twice.AppendImage(img, named("one")), twice.AppendImage(testImage(t, "amd64"), named("two")))
	f := func(text, platform, want string) {
		t.Helper()
		wantFault(t, text, openAll(t, text, OpenOptions{Platform: platform}), want)
	}
	f("./gone", "", "no such file or folder")
	f("gone.tar", "", "no such file or folder")
	f("oci:gone", "", "no such file or folder")
	f("docker-archive:gone", "", "no such file or folder")
	f(t.TempDir()+"/", "", "no image in this folder")
	f("oci:"+t.TempDir(), "", "no image in it")
	f(string(nothing), "", "no image in this layout")
	f(string(twice), "", "2 images")
	f("oci:"+string(twice)+":three", "", `no image with the tag "three"`)
	f("docker-archive:"+string(single), "", "has no manifest.json")
	f(tarOf(t), "", "no image in it")
	f(tarOf(t, "a", "b"), "", "no image in it")
	f(cutOff(t, archive), "", "cut off")
	f(string(several), "linux/s390x", "no image for linux/s390x")
	f(archive, "linux/arm64", "no image for linux/arm64")
	f(archive, "arm64", "want os/architecture")
	f(tarOf(t, "manifest.json", "[]"), "", "no image in it")
	f(tarOf(t, "manifest.json", "{"), "", "manifest.json is damaged")
	f(tarOf(t, "manifest.json", `[{"RepoTags":["a:1"]},{"RepoTags":["b:1"]}]`), "", "2 images: a:1, b:1")
	f(tarOf(t, "manifest.json", `[{"Config":"c.json"}]`), "", "c.json is missing")
	f(tarOf(t, "manifest.json", `[{"Config":"c.json","Layers":["l"]}]`, "c.json", "{}"), "", "1 layers, but the configuration has 0")
	f(tarOf(t, "manifest.json", `[{"Config":"c.json"}]`, "c.json", "{"), "", "configuration is damaged")
	f(tarOf(t, "manifest.json", fmt.Sprintf(`[{"Config":"%s.json"}]`, strings.Repeat("0", 64)), strings.Repeat("0", 64)+".json", "{}"), "", "is damaged")
	f(tarOf(t, "index.json", "["), "", "index is damaged")
	schema1 := `{"manifests":[{"mediaType":"application/vnd.docker.distribution.manifest.v1+prettyjws","digest":"sha256:` + strings.Repeat("0", 64) + `"}]}`
	f(tarOf(t, "index.json", schema1), "", "is not supported")

	empty := filepath.Join(t.TempDir(), "empty.tar")
	check(t, os.WriteFile(empty, nil, 0o600))
	f(empty, "", "the file is empty")
	gz := filepath.Join(t.TempDir(), "image.tar.gz")
	check(t, os.WriteFile(gz, []byte("\x1f\x8b\x08\x00"), 0o600))
	f(gz, "", "the tar is compressed")
	noise := filepath.Join(t.TempDir(), "noise.tar")
	check(t, os.WriteFile(noise, []byte(strings.Repeat("noise ", 1000)), 0o600))
	f(noise, "", "no tar")
}

// blobs returns the blobs of a layout: its manifest, its configuration and a layer.
func blobs(t testing.TB, layout string) map[string]string {
	t.Helper()
	b := opened(t, layout, OpenOptions{})
	m, err := b.Variants[0].Image.Manifest()
	check(t, err)
	digest, err := b.Variants[0].Image.Digest()
	check(t, err)
	at := func(h v1.Hash) string { return filepath.Join(layout, filepath.FromSlash(blobName(h))) }
	return map[string]string{"manifest": at(digest), "configuration": at(m.Config.Digest), "layer": at(m.Layers[1].Digest)}
}

func TestOpenDamagedBlobs(t *testing.T) {
	f := func(blob string, damage func(path string, data []byte) error, want string) {
		t.Helper()
		l := testLayout(t)
		check(t, l.AppendImage(testImage(t, "amd64")))
		at := blobs(t, string(l))[blob]
		data, err := os.ReadFile(at)
		check(t, err)
		check(t, os.Chmod(at, 0o600), damage(at, data))
		wantFault(t, blob, openAll(t, string(l), OpenOptions{}), want)
	}
	remove := func(path string, _ []byte) error { return os.Remove(path) }
	cut := func(path string, data []byte) error { return os.WriteFile(path, data[:len(data)-1], 0o600) }
	flip := func(path string, data []byte) error {
		data[len(data)/2] ^= 1
		return os.WriteFile(path, data, 0o600)
	}
	for _, blob := range []string{"manifest", "configuration", "layer"} {
		f(blob, remove, "is missing")
		f(blob, cut, "is damaged: it has")
	}
	f("manifest", flip, "is damaged")
	f("configuration", flip, "is damaged")
}

// What is damaged within a layer shows at the latest at its end, whoever decompresses it.
func TestOpenDamagedLayer(t *testing.T) {
	l := testLayout(t)
	check(t, l.AppendImage(testImage(t, "amd64")))
	at := blobs(t, string(l))["layer"]
	data, err := os.ReadFile(at)
	check(t, err)
	check(t, os.Chmod(at, 0o600))
	for i := range data {
		bad := append([]byte{}, data...)
		bad[i] ^= 0x10
		check(t, os.WriteFile(at, bad, 0o600))
		if err := openAll(t, string(l), OpenOptions{}); err == nil {
			t.Fatalf("byte %d of %d is not missed", i, len(data))
		}
	}
}

// A layout leads nowhere but to itself.
func TestOpenStaysInside(t *testing.T) {
	l := testLayout(t)
	check(t, l.AppendImage(testImage(t, "amd64")))
	at := blobs(t, string(l))["configuration"]
	outside := filepath.Join(t.TempDir(), "outside")
	check(t, os.Rename(at, outside), os.Symlink(outside, at))
	if err := openAll(t, string(l), OpenOptions{}); err == nil {
		t.Error("a link out of the layout was followed")
	}
}

// A document that is too large is not read.
func TestOpenBounds(t *testing.T) {
	large := strings.Repeat(" ", maxDocument)
	f := func(files ...string) {
		t.Helper()
		err := openAll(t, tarOf(t, files...), OpenOptions{})
		if err == nil || !strings.Contains(err.Error(), "more than 4 MiB") {
			t.Errorf("%s: error %v, want too large", files[0], err)
		}
	}
	f("manifest.json", "[]"+large)
	f("index.json", "{}"+large)
	f("manifest.json", `[{"Config":"c"}]`, "c", "{}"+large)
	index, err := json.Marshal(v1.IndexManifest{Manifests: []v1.Descriptor{{
		MediaType: "application/vnd.oci.image.manifest.v1+json", Size: 1 << 40,
		Digest: v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("0", 64)},
	}}})
	check(t, err)
	f("index.json", string(index))
}
