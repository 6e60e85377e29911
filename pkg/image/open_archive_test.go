package image

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// savedArchive is an archive as engines write it: layers are not compressed, and one that occurs twice is a
// link the second time. damage changes a layer afterwards.
func savedArchive(t testing.TB, damage func([]byte)) string {
	t.Helper()
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	check(t, w.WriteHeader(&tar.Header{Name: "file", Mode: 0o644, Size: 7}))
	_, err := io.WriteString(w, "content")
	check(t, err, w.Close())
	diffID, _, err := v1.SHA256(bytes.NewReader(layer.Bytes()))
	check(t, err)
	config, err := json.Marshal(v1.ConfigFile{
		OS: "linux", Architecture: "amd64", RootFS: v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{diffID, diffID}},
	})
	check(t, err)
	manifest, err := json.Marshal([]archived{{
		Config: "c.json", RepoTags: []string{"a:1"}, Layers: []string{"one/layer.tar", "two/layer.tar"},
	}})
	check(t, err)
	if damage != nil {
		damage(layer.Bytes())
	}
	var b bytes.Buffer
	w = tar.NewWriter(&b)
	check(t, w.WriteHeader(&tar.Header{Name: "two/layer.tar", Typeflag: tar.TypeSymlink, Linkname: "../one/layer.tar"}))
	for name, content := range map[string][]byte{"one/layer.tar": layer.Bytes(), "c.json": config, archiveManifest: manifest} {
		check(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}))
		_, err := w.Write(content)
		check(t, err)
	}
	check(t, w.Close())
	at := filepath.Join(t.TempDir(), "saved.tar")
	check(t, os.WriteFile(at, b.Bytes(), 0o600))
	return at
}

func TestOpenSavedByEngine(t *testing.T) {
	host := testRegistry(t, nil)
	b := opened(t, savedArchive(t, nil), OpenOptions{})
	checkImage(t, b)
	b.Tags = []string{host + "/saved:1"}
	check(t, Put(t.Context(), b, Place{Kind: Registry}, PutOptions{}))
	again := opened(t, host+"/saved:1", OpenOptions{})
	checkImage(t, again)
	got, err := again.Digest()
	check(t, err)
	want, err := b.Digest()
	check(t, err)
	if got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}

// A layer that is not compressed has no digest but that of its content, and that is checked.
func TestOpenSavedAndDamaged(t *testing.T) {
	at := savedArchive(t, func(layer []byte) { layer[512] ^= 1 })
	wantFault(t, at, openAll(t, at, OpenOptions{}), "is damaged")
}
