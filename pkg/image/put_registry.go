package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// push sends an image to all registries that its tags name. Tags move when everything is everywhere.
func push(ctx context.Context, b *Built, o PutOptions) error {
	refs, err := tagReferences(b.Tags, o.Insecure)
	if err != nil {
		return err
	}
	pusher, err := remote.NewPusher(registryOptions(o.Insecure)...)
	if err != nil {
		return err
	}
	p := &pushing{pusher, b, o.On}
	pushed := map[name.Repository]bool{}
	for _, ref := range refs {
		if pushed[ref.Context()] {
			continue
		}
		pushed[ref.Context()] = true
		if err := p.content(ctx, ref); err != nil {
			return cancelledOr(ctx, explainRegistry("push", ref, err))
		}
	}
	for _, ref := range refs {
		err := Step(ctx, o.On, "[push] tag "+ref.String(), func() (State, error) { return Done, pusher.Put(ctx, ref, b.top()) })
		if err != nil {
			return cancelledOr(ctx, explainRegistry("push", ref, err))
		}
	}
	return nil
}

// cancelledOr returns why the context has ended, if it has: what was going on then fails in many ways.
func cancelledOr(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func tagReferences(tags []string, insecure bool) ([]name.Tag, error) {
	if len(tags) == 0 {
		return nil, hinted.New(errors.New("the image has no name, and a registry needs one"), "give --tag REGISTRY/REPOSITORY:TAG")
	}
	var refs []name.Tag
	for _, text := range tags {
		ref, err := parseReference(text, insecure)
		if err != nil {
			return nil, err
		}
		tag, ok := ref.(name.Tag)
		if !ok {
			return nil, hinted.New(fmt.Errorf("%s is no tag", text), "give --tag REGISTRY/REPOSITORY:TAG")
		}
		refs = append(refs, tag)
	}
	return refs, nil
}

// top is what a tag names: the index, or the only image.
func (b *Built) top() remote.Taggable {
	if b.Index != nil {
		return b.Index
	}
	return b.Variants[0].Image
}

// pushing is an image on its way to a registry.
type pushing struct {
	pusher *remote.Pusher
	built  *Built
	on     func(Event)
}

// content sends all that the image consists of, and names it by its digests only.
func (p *pushing) content(ctx context.Context, ref name.Tag) error {
	repo := ref.Context()
	for _, variant := range p.built.Variants {
		layers, err := variant.Image.Layers()
		if err != nil {
			return err
		}
		for _, layer := range layers {
			if err := p.layer(ctx, repo, layer); err != nil {
				return err
			}
		}
	}
	return Step(ctx, p.on, "[push] manifests to "+repo.Name(), func() (State, error) {
		if err := p.manifest(ctx, repo, p.built.top()); err != nil {
			return Failed, err
		}
		for _, variant := range p.built.Variants {
			if variant.SBOM == nil {
				continue
			}
			if err := p.manifest(ctx, repo, variant.SBOM); err != nil {
				return Failed, err
			}
		}
		return Done, nil
	})
}

// manifest sends a manifest, and what it refers to and the registry does not have.
func (p *pushing) manifest(ctx context.Context, repo name.Repository, of remote.Taggable) error {
	raw, err := of.RawManifest()
	if err != nil {
		return err
	}
	digest, _, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	return p.pusher.Push(ctx, repo.Digest(digest.String()), of)
}

// layer sends a layer. One that the registry has already is not read.
func (p *pushing) layer(ctx context.Context, repo name.Repository, layer v1.Layer) error {
	digest, err := layer.Digest()
	if err != nil {
		return err
	}
	return Step(ctx, p.on, "[push] layer "+digest.String()[:19]+" to "+repo.Name(), func() (State, error) {
		if _, elsewhere := layer.(*remote.MountableLayer); elsewhere {
			return Done, p.pusher.Upload(ctx, repo, layer) // the registry may copy it by itself
		}
		watched := &watchedLayer{Layer: layer}
		err := p.pusher.Upload(ctx, repo, watched)
		if err == nil && !watched.read.Load() {
			return Cached, nil
		}
		return Done, err
	})
}

// watchedLayer knows whether it has been read.
type watchedLayer struct {
	v1.Layer
	read atomic.Bool
}

// Compressed returns the layer as it is moved.
func (w *watchedLayer) Compressed() (io.ReadCloser, error) {
	w.read.Store(true)
	return w.Layer.Compressed()
}
