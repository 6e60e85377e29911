package image

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Unpacked returns how many bytes the files of a layer have on a disk, as engines count them.
func Unpacked(layer v1.Layer) (_ int64, err error) {
	content, err := layer.Uncompressed()
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	var total int64
	for archive := tar.NewReader(content); ; {
		header, err := archive.Next()
		switch {
		case errors.Is(err, io.EOF):
			// What follows the end of the archive belongs to the layer, and to its digest.
			_, err := io.Copy(io.Discard, content)
			return total, err
		case err != nil:
			return 0, fmt.Errorf("layer: %w", err)
		case header.Typeflag == tar.TypeReg:
			total += header.Size
		}
	}
}

// layersOf returns the layers of an image, with what made them.
func layersOf(img v1.Image) ([]Layer, error) {
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	all, err := img.Layers()
	if err != nil {
		return nil, err
	}
	made := CreatedBy(config.History, len(all))
	var layers []Layer
	for i, layer := range all {
		digest, err := layer.Digest()
		if err != nil {
			return nil, err
		}
		one := Layer{Platform: platformName(config), Digest: digest.String(), CreatedBy: made[i]}
		if one.Size, err = layer.Size(); err != nil {
			return nil, err
		}
		if one.Unpacked, err = Unpacked(layer); err != nil {
			return nil, fmt.Errorf("%s: %w", digest, err)
		}
		layers = append(layers, one)
	}
	return layers, nil
}

// CreatedBy returns for each layer of an image what its history says made it. A history that does not
// fit the layers says nothing.
func CreatedBy(history []v1.History, layers int) []string {
	made := make([]string, layers)
	var said []string
	for _, h := range history {
		if !h.EmptyLayer {
			said = append(said, h.CreatedBy)
		}
	}
	if len(said) == layers {
		copy(made, said)
	}
	return made
}

func platformName(config *v1.ConfigFile) string {
	p := v1.Platform{OS: config.OS, Architecture: config.Architecture, Variant: config.Variant}
	return p.String()
}
