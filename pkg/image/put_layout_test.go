package image_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/otlpctl/otlpctl/pkg/image"
)

// put writes an image to a layout, and has a library of others read all of it.
func put(t *testing.T, b *image.Built, folder string) {
	t.Helper()
	check(t, image.Put(t.Context(), b, image.Place{Kind: image.Layout, Path: folder}, image.PutOptions{}))
	index, err := layout.ImageIndexFromPath(folder)
	check(t, err)
	check(t, validate.Index(index))
}

func TestLayoutHoldsImagesAndBills(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new", "layout")
	two := built(t, []string{"a:1", "a:latest"}, "amd64", "arm64")
	put(t, two, folder)
	one := built(t, []string{"b:2"}, "amd64")
	put(t, one, folder)
	for text, want := range map[string]*image.Built{":1": two, ":latest": two, ":2": one} {
		found, digest := reopened(t, "oci:"+folder+text)
		if digest != digestOf(t, want) || len(found.Variants) != len(want.Variants) || found.Variants[0].SBOM == nil {
			t.Errorf("%s: %s with %d variants, want %s", text, digest, len(found.Variants), digestOf(t, want))
		}
	}
}

func TestANewImageTakesTheNamesOfTheOld(t *testing.T) {
	folder := t.TempDir()
	old, other, next := built(t, []string{"a:1", "a:latest"}, "amd64"), built(t, []string{"a:2"}, "arm64"), built(t, []string{"a:1", "a:latest"}, "amd64")
	put(t, old, folder)
	put(t, other, folder)
	put(t, next, folder)
	_, digest := reopened(t, "oci:"+folder+":latest")
	if digest != digestOf(t, next) {
		t.Errorf("latest is %s, want %s", digest, digestOf(t, next))
	}
	if found, digest := reopened(t, "oci:"+folder+":2"); digest != digestOf(t, other) || found.Variants[0].SBOM == nil {
		t.Errorf("2 is %s, want %s with its bill", digest, digestOf(t, other))
	}
	// What the old one consisted of has gone with its last name.
	fresh := t.TempDir()
	put(t, other, fresh)
	put(t, next, fresh)
	if got, want := len(tree(t, folder)), len(tree(t, fresh)); got != want {
		t.Errorf("%d files, want %d", got, want)
	}
}

func TestOldImageStaysWhileItHasAName(t *testing.T) {
	folder := t.TempDir()
	old := built(t, []string{"a:1", "a:latest"}, "amd64")
	put(t, old, folder)
	put(t, built(t, []string{"a:2", "a:latest"}, "amd64"), folder)
	found, digest := reopened(t, "oci:"+folder+":1")
	if digest != digestOf(t, old) || found.Variants[0].SBOM == nil {
		t.Errorf("1 is %s, want %s with its bill", digest, digestOf(t, old))
	}
	put(t, old, folder) // as it was
	_, digest = reopened(t, "oci:"+folder+":latest")
	if digest != digestOf(t, old) {
		t.Errorf("latest is %s, want %s", digest, digestOf(t, old))
	}
}

func TestDamagedLayoutsAreLeftAlone(t *testing.T) {
	f := func(damage func(folder string) error, want string) {
		t.Helper()
		folder := filepath.Join(t.TempDir(), "layout")
		put(t, built(t, []string{"a:1"}, "amd64"), folder)
		check(t, damage(folder))
		before := len(tree(t, folder))
		to := image.Place{Kind: image.Layout, Path: folder}
		wantError(t, image.Put(t.Context(), built(t, []string{"a:2"}, "amd64"), to, image.PutOptions{}), want)
		if after := len(tree(t, folder)); after != before {
			t.Errorf("%d files, before %d", after, before)
		}
	}
	f(func(folder string) error {
		return os.WriteFile(filepath.Join(folder, "index.json"), []byte("{"), 0o600)
	}, "index.json is damaged")
	f(func(folder string) error { return os.Remove(filepath.Join(folder, "index.json")) }, "index.json")
	f(func(folder string) error { return os.Remove(filepath.Join(folder, "oci-layout")) }, "is no OCI layout")
}
