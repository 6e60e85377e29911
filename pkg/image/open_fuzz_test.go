package image

import (
	"os"
	"path/filepath"
	"testing"
)

// Whatever a file holds, opening it ends with an image or an error.
func FuzzOpenTar(f *testing.F) {
	seed := func(at string) {
		data, err := os.ReadFile(at)
		check(f, err)
		f.Add(data)
	}
	img := testImage(f, "amd64")
	l := testLayout(f)
	check(f, l.AppendImage(img))
	seed(testArchive(f, img))
	seed(tarFolder(f, string(l)))
	seed(tarOf(f, "manifest.json", `[{"Config":"c","Layers":["l"]}]`, "c", `{"rootfs":{"diff_ids":[]}}`))
	seed(tarOf(f, "index.json", `{"manifests":[{"mediaType":"application/vnd.oci.image.index.v1+json"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		at := filepath.Join(t.TempDir(), "image.tar")
		check(t, os.WriteFile(at, data, 0o600))
		_ = openAll(t, at, OpenOptions{}) // it may fail, but not otherwise
	})
}
