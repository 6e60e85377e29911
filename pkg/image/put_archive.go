package image

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// putArchive writes a docker-archive. A file that is there is replaced once the new one is complete.
func putArchive(ctx context.Context, b *Built, path string, o PutOptions) error {
	return Step(ctx, o.On, "[write] "+path, func() (_ State, err error) {
		if err := checkArchive(path); err != nil {
			return Failed, err
		}
		folder, err := os.OpenRoot(filepath.Dir(path))
		if err != nil {
			return Failed, err
		}
		defer func() { err = errors.Join(err, folder.Close()) }()
		return Done, replaceFile(folder, filepath.Base(path), func(f io.Writer) error { return WriteArchive(ctx, b, f) })
	})
}

// WriteArchive writes an image for one platform as docker save does. The same image gives the same bytes.
func WriteArchive(ctx context.Context, b *Built, w io.Writer) error {
	if len(b.Variants) != 1 {
		return hinted.New(
			fmt.Errorf("the image has %d platforms, and a docker-archive or an engine takes one", len(b.Variants)),
			"choose one with --platform, or --output oci:DIR, which takes all",
		)
	}
	img := b.Variants[0].Image
	out := archiveWriter{ctx, tar.NewWriter(w), map[string]bool{}}
	config, err := img.RawConfigFile()
	if err != nil {
		return err
	}
	id, err := img.ConfigName()
	if err != nil {
		return err
	}
	entry := archived{Config: id.Hex + ".json", RepoTags: b.Tags}
	if err := out.document(entry.Config, config); err != nil {
		return err
	}
	if entry.Layers, err = out.layers(img); err != nil {
		return err
	}
	list, err := json.Marshal([]archived{entry})
	if err != nil {
		return err
	}
	return errors.Join(out.document(archiveManifest, list), out.tar.Close())
}

// archiveWriter writes the files of a docker-archive, each once.
type archiveWriter struct {
	ctx     context.Context //nolint:containedctx // it lives as long as the call
	tar     *tar.Writer
	written map[string]bool
}

// layers writes the layers and returns the names of their files.
func (a archiveWriter) layers(img v1.Image) ([]string, error) {
	all, err := img.Layers()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, layer := range all {
		d, err := blob(layer)
		if err != nil {
			return nil, err
		}
		name := d.Digest.Hex + ".tar.gz" // whatever its compression: engines look into it
		names = append(names, name)
		if a.written[name] {
			continue
		}
		content, err := layer.Compressed()
		if err != nil {
			return nil, err
		}
		if err := errors.Join(a.file(name, d.Size, content), content.Close()); err != nil {
			return nil, fmt.Errorf("layer %s: %w", d.Digest, err)
		}
	}
	return names, nil
}

func (a archiveWriter) document(name string, data []byte) error {
	return a.file(name, int64(len(data)), bytes.NewReader(data))
}

func (a archiveWriter) file(name string, size int64, content io.Reader) error {
	a.written[name] = true
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o444, Format: tar.FormatUSTAR}
	if err := a.tar.WriteHeader(header); err != nil {
		return err
	}
	_, err := io.Copy(a.tar, Cancellable(a.ctx, content))
	return err
}
