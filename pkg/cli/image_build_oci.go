package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/otlpctl/otlpctl/pkg/engine"
	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/image"
	"github.com/otlpctl/otlpctl/pkg/image/oci"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// buildOCI builds without an engine, and puts the image in its place.
func buildOCI(ctx context.Context, s term.Streams, o imageBuildOptions) (_ image.Result, err error) {
	request, err := o.request(ctx, s)
	if err != nil {
		return image.Result{}, err
	}
	put := image.PutOptions{Insecure: o.insecure}
	if o.place.Kind == image.Engine {
		e, err := engine.Open(ctx) // before the work, not after
		if err != nil {
			return image.Result{}, err
		}
		defer func() { err = errors.Join(err, e.Close()) }()
		put.Loader = e
	}
	if o.base != "" {
		var closer io.Closer
		request.Base, closer, err = image.Open(ctx, o.base, image.OpenOptions{Insecure: o.insecure})
		if err != nil {
			return image.Result{}, fmt.Errorf("base image: %w", err)
		}
		defer func() { err = errors.Join(err, closer.Close()) }()
		if request.Folder, err = os.MkdirTemp("", "otlpctl-base-*"); err != nil {
			return image.Result{}, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(request.Folder)) }()
	}
	progress := newBuildProgress(s)
	defer progress.Close()
	put.On = progress.show
	built, err := oci.Build(ctx, request, progress.show)
	if err != nil {
		return image.Result{}, err
	}
	result, err := image.ResultOf(builderOCI, built)
	if err != nil {
		return image.Result{}, err
	}
	result.Steps.Total = request.Steps()
	if err := o.withinSize(result, "nothing was written"); err != nil {
		return image.Result{}, err
	}
	return result, image.Put(ctx, built, o.place, put)
}

// request collects what the image consists of.
func (o *imageBuildOptions) request(ctx context.Context, s term.Streams) (oci.Request, error) {
	programs, err := o.programs()
	if err != nil {
		return oci.Request{}, err
	}
	return o.requestOf(ctx, s, programs)
}

// requestOf collects what the image of programs consists of.
func (o *imageBuildOptions) requestOf(ctx context.Context, s term.Streams, programs []oci.Program) (oci.Request, error) {
	created, err := sourceDate(os.Getenv)
	if err != nil {
		return oci.Request{}, err
	}
	baked, err := o.bake(ctx, s, programs)
	if err != nil {
		return oci.Request{}, err
	}
	r := oci.Request{
		Programs: programs, Config: baked.content, Ports: baked.ports, BaseName: o.base,
		Tags: o.tags, Created: created, SBOM: o.place.TakesPlatforms(),
	}
	if len(r.Tags) == 0 {
		r.Tags = image.DefaultTags(programs[0].Version())
	}
	if !r.SBOM {
		_, err = fmt.Fprintf(s.Err, "note: no bill of materials: --output %s has no place for one\n", o.place.String())
	}
	return r, err
}

// sourceDate returns the time that SOURCE_DATE_EPOCH says, or nil.
func sourceDate(env func(string) string) (*time.Time, error) {
	text := env("SOURCE_DATE_EPOCH")
	if text == "" {
		return nil, nil //nolint:nilnil // it says none
	}
	const last = 1<<33 - 1 // in the year 2242: the headers of a layer have no later time
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds < 0 || seconds > last {
		return nil, coded{hinted.New(fmt.Errorf("SOURCE_DATE_EPOCH=%s is no time", text), "want the seconds since 1970, as 'date +%s' prints them"), exitUsage}
	}
	created := time.Unix(seconds, 0).UTC()
	return &created, nil
}

// withinSize returns an error if the image is too large for any platform. It says what became of it.
func (o *imageBuildOptions) withinSize(r image.Result, outcome string) error {
	for _, v := range r.Platforms {
		if o.maxSize > 0 && v.Unpacked > int64(o.maxSize) {
			return hinted.New(
				fmt.Errorf("the image for %s has %s unpacked, and --max-size is %s: %s", v.Platform, sizeText(v.Unpacked), sizeText(int64(o.maxSize)), outcome),
				"'otlpctl image build' without --max-size, and 'otlpctl image inspect', show what is in it",
			)
		}
	}
	return nil
}
