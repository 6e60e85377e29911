package image_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/image"
)

func TestPlacesAreCheckedBeforeTheBuild(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	check(t, os.WriteFile(file, nil, 0o600))
	f := func(kind image.Kind, path, want string) {
		t.Helper()
		p := image.Place{Kind: kind, Path: path}
		if want == "" {
			check(t, p.Check())
			return
		}
		wantError(t, p.Check(), want)
	}
	f(image.Archive, file, "")
	f(image.Archive, filepath.Join(folder, "new.tar"), "")
	f(image.Archive, folder, "no regular file")
	f(image.Archive, filepath.Join(folder, "no", "new.tar"), "there is no folder")
	f(image.Archive, "-", "names no file")
	f(image.Layout, filepath.Join(folder, "a", "new"), "")
	f(image.Layout, t.TempDir(), "")
	f(image.Layout, folder, "no OCI layout")
	f(image.Layout, file, "no folder")
	f(image.Layout, filepath.Join(folder, "new:1.0"), "without a tag")
	f(image.Registry, "", "")
}
