package image

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// Check says what keeps any image from going to the place, as far as files and folders tell before there
// is an image.
func (p *Place) Check() error {
	switch p.Kind {
	case Archive:
		return checkArchive(p.Path)
	case Layout:
		_, err := layoutAt(p.Path)
		return err
	case Registry, Engine:
	}
	return nil
}

func checkArchive(path string) error {
	if path == "-" {
		return hinted.New(errors.New("docker-archive:- names no file"), "an archive is written to a file: docker-archive:PATH")
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return hinted.New(fmt.Errorf("%s is there, and no regular file", path), "name a new file, or one that may be replaced")
	case err == nil:
		return nil
	}
	folder := filepath.Dir(path)
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		return hinted.New(fmt.Errorf("%s: there is no folder %s", path, folder), "create it first")
	}
	return nil
}

// ground is what a layout would be built on.
type ground int

const (
	groundMissing ground = iota
	groundEmpty
	groundLayout
)

// layoutAt finds out what is in the place of a layout. It is an error if a layout cannot be there.
func layoutAt(folder string) (ground, error) {
	const hint = "name a new folder, or a layout"
	info, err := os.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if strings.Contains(filepath.Base(folder), ":") {
			return 0, hinted.New(fmt.Errorf("oci:%s: a layout that is written is named without a tag", folder), "--tag names the image")
		}
		return groundMissing, nil
	case err != nil:
		return 0, err
	case !info.IsDir():
		return 0, hinted.New(fmt.Errorf("%s is there, and no folder", folder), hint)
	}
	there, err := os.ReadDir(folder)
	switch {
	case err != nil:
		return 0, err
	case len(there) == 0:
		return groundEmpty, nil
	}
	if mark, err := os.Stat(filepath.Join(folder, layoutMark)); err != nil || !mark.Mode().IsRegular() {
		return 0, hinted.New(fmt.Errorf("%s has files in it, and is no OCI layout", folder), hint)
	}
	return groundLayout, nil
}
