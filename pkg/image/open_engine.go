package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// openEngine copies an image of the container engine to a temporary file, which closing removes: the
// engine sends it once, and it is read more than once.
func openEngine(ctx context.Context, ref string, from Saver, want *v1.Platform) (*Built, io.Closer, error) {
	if from == nil {
		return nil, nil, errors.New("no container engine to ask for " + ref)
	}
	content, err := from.Save(ctx, ref)
	if errors.Is(err, ErrNotFound) {
		return nil, nil, hinted.New(
			fmt.Errorf("the container engine has no image %s: %w", ref, err),
			"'otlpctl image ls' lists those of otlpctl; 'docker pull' gets others",
		)
	}
	if err != nil {
		return nil, nil, err
	}
	saved, err := newSaved(content)
	if err != nil {
		return nil, nil, fmt.Errorf("copy image %s from the container engine: %w", ref, err)
	}
	built, opened, err := openStored(ctx, saved.path, "image "+ref+" of the container engine", want, readArchive)
	if err != nil {
		return nil, nil, errors.Join(err, saved.Close())
	}
	if len(built.Tags) == 0 {
		built.Tags = []string{ref}
	}
	saved.opened = opened
	return built, saved, nil
}

// saved is a temporary file with an image.
type saved struct {
	path   string
	opened io.Closer
}

func newSaved(content io.ReadCloser) (_ *saved, err error) {
	defer func() { err = errors.Join(err, content.Close()) }()
	file, err := os.CreateTemp("", "otlpctl-image-*.tar")
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(file, content)
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, errors.Join(err, os.Remove(file.Name()))
	}
	return &saved{path: file.Name()}, nil
}

// Close removes the file.
func (s *saved) Close() error {
	var err error
	if s.opened != nil { // Windows removes no open file
		err = s.opened.Close()
	}
	return errors.Join(err, os.Remove(s.path))
}
