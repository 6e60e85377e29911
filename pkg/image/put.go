package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// PutOptions is what putting an image somewhere depends on.
type PutOptions struct {
	// Loader is the container engine, for the place of that name.
	Loader Loader
	// Insecure allows plain HTTP to a registry on another machine, and certificates that cannot be
	// verified.
	Insecure bool
	// On is told of every step; nil tells nobody.
	On func(Event)
}

// Put puts an image in a place, whole or not at all: what was written is removed if anything fails, and
// tags move last. A docker-archive and an engine take one platform, and no bill of materials.
func Put(ctx context.Context, b *Built, to Place, o PutOptions) error {
	if o.On == nil {
		o.On = func(Event) {}
	}
	switch to.Kind {
	case Archive:
		return explainDisk(putArchive(ctx, b, to.Path, o))
	case Layout:
		return explainDisk(putLayout(ctx, b, to.Path, o))
	case Registry:
		return push(ctx, b, o)
	case Engine:
		return load(ctx, b, o)
	}
	return fmt.Errorf("%q is no place for an image", to.Kind)
}

// load streams the image to the engine.
func load(ctx context.Context, b *Built, o PutOptions) error {
	return Step(ctx, o.On, "[load] into the container engine", func() (State, error) {
		reader, writer := io.Pipe()
		written := make(chan error, 1)
		go func() {
			err := WriteArchive(ctx, b, writer)
			writer.CloseWithError(err)
			written <- err
		}()
		err := o.Loader.Load(ctx, reader)
		_ = reader.Close() // or the writer would wait for an engine that reads no more
		if w := <-written; w != nil && !errors.Is(w, io.ErrClosedPipe) {
			err = w // the engine's complaint is about half an archive
		}
		return Done, err
	})
}

func explainDisk(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return hinted.New(err, "nothing was left behind: make room, or name another place with --output")
	}
	return err
}
