// Package oci builds the image of otlpctl without a container engine: of a program that is there, on
// nothing or on a base image. The same request gives the same bytes on every machine, at any time.
package oci

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/otlpctl/otlpctl/pkg/image"
	"github.com/otlpctl/otlpctl/pkg/image/rootfs"
	"github.com/otlpctl/otlpctl/pkg/image/sbom"
)

// Request says what to build.
type Request struct {
	// Programs has one for each platform, and at least one.
	Programs []Program
	// Config is the content of the configuration in the image, which is valid.
	Config []byte
	// Ports are what it listens on, as in 4317/tcp.
	Ports []string
	// Base is what the image is built on, and has what every program's platform needs; nil is nothing.
	// BaseName is how messages call it.
	Base     *image.Built
	BaseName string
	// Folder is where the layers of the base are kept as long as the image is used.
	Folder string
	Tags   []string
	// Created is the time of everything in the image. Nil is that of the program's commit.
	Created *time.Time
	// SBOM asks for a bill of materials.
	SBOM bool
}

// Build makes the image, in memory but for the layers of the base. on is told of every step.
func Build(ctx context.Context, r Request, on func(image.Event)) (*image.Built, error) {
	built := &image.Built{Tags: r.Tags}
	for _, p := range r.Programs {
		b := builder{request: r, program: p, on: on, created: p.Time()}
		if r.Created != nil {
			b.created = r.Created.UTC()
		}
		variant, err := b.build(ctx)
		if err != nil {
			return nil, err
		}
		built.Variants = append(built.Variants, variant)
	}
	if len(built.Variants) == 1 {
		return built, nil
	}
	var err error
	built.Index, err = image.NewIndex(built.Variants, annotations(r.Programs[0]))
	return built, err
}

// builder builds the image for one platform.
type builder struct {
	request Request
	program Program
	created time.Time
	on      func(image.Event)

	base    base
	layers  []v1.Layer
	history []v1.History
}

func (b *builder) build(ctx context.Context) (image.BuiltVariant, error) {
	variant := image.BuiltVariant{Platform: b.program.Platform}
	for _, s := range b.steps(&variant) {
		name := fmt.Sprintf("[%s] %s", b.program.Platform.String(), s.name)
		err := image.Step(ctx, b.on, name, func() (image.State, error) { return image.Done, s.run(ctx) })
		if err != nil {
			return variant, err
		}
	}
	return variant, nil
}

type step struct {
	name string
	run  func(context.Context) error
}

func (b *builder) steps(variant *image.BuiltVariant) []step {
	version := b.program.Version()
	steps := []step{
		{"certificates, time zones, users and folders", b.addRootfs},
		{"program " + image.BinaryPath + " " + version, func(ctx context.Context) error {
			return b.add(ctx, "COPY otlpctl "+image.BinaryPath+" # "+version, rootfs.Entry{Path: image.BinaryPath, Mode: 0o755, Data: b.program.Data})
		}},
		{"configuration " + image.ConfigPath, func(ctx context.Context) error {
			return b.add(ctx, "COPY config.yaml "+image.ConfigPath, rootfs.Entry{Path: image.ConfigPath, Mode: 0o644, Data: b.request.Config})
		}},
		{"manifest", func(context.Context) (err error) {
			variant.Image, err = b.assemble()
			return err
		}},
	}
	if b.request.Base != nil {
		steps = append([]step{{"base " + b.request.BaseName, b.readBase}}, steps...)
	}
	if b.request.SBOM {
		steps = append(steps, step{"bill of materials", func(context.Context) (err error) {
			variant.SBOM, err = sbom.Attach(variant.Image, b.material())
			return err
		}})
	}
	return steps
}

// Steps returns how many steps the build of a request has.
func (r Request) Steps() int {
	var b builder
	total := 0
	for _, p := range r.Programs {
		b.request, b.program = r, p
		total += len(b.steps(nil))
	}
	return total
}

func (b *builder) addRootfs(ctx context.Context) error {
	entries, err := rootfs.Entries(b.base.files)
	if err != nil {
		return err
	}
	return b.add(ctx, "COPY rootfs / # certificates, time zones, users and folders", entries...)
}

// add appends a layer, and says in the history what made it.
func (b *builder) add(ctx context.Context, createdBy string, entries ...rootfs.Entry) error {
	l, err := newLayer(ctx, entries, b.created)
	if err != nil {
		return err
	}
	b.layers = append(b.layers, l)
	b.history = append(b.history, v1.History{Created: v1.Time{Time: b.created}, CreatedBy: createdBy, Comment: "otlpctl image build"})
	return nil
}

// assemble makes the image of what has been added.
func (b *builder) assemble() (v1.Image, error) {
	config := b.config()
	for _, l := range b.layers {
		diffID, err := l.DiffID()
		if err != nil {
			return nil, err
		}
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, diffID)
	}
	raw, err := json.Marshal(config)
	if err != nil {
		return nil, err
	}
	manifest := v1.Manifest{
		SchemaVersion: 2,
		MediaType:     types.OCIManifestSchema1,
		Config:        v1.Descriptor{MediaType: types.OCIConfigJSON},
		Annotations:   b.annotations(),
	}
	return image.Assemble(manifest, raw, b.layers)
}

// material says what the bill of materials is about.
func (b *builder) material() sbom.Material {
	return sbom.Material{Info: b.program.Info, Version: b.program.Version(), Created: b.created, Base: b.request.BaseName}
}
