package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/otlpctl/otlpctl/pkg/engine"
	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/image"
	"github.com/otlpctl/otlpctl/pkg/term"
	"github.com/otlpctl/otlpctl/templates"
)

// buildDocker builds from source with the engine, and puts the image in its place.
func buildDocker(ctx context.Context, s term.Streams, o imageBuildOptions) (_ image.Result, err error) {
	request, err := o.buildRequest(s)
	if err != nil {
		return image.Result{}, err
	}
	e, err := engine.Open(ctx)
	if err != nil {
		return image.Result{}, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	progress := newBuildProgress(s)
	defer progress.Close()
	made, err := e.BuildImage(ctx, request, progress.show)
	// The image stays on the engine if it has got a name there, and not otherwise.
	if made.ID != "" {
		defer func() { err = errors.Join(err, e.Discard(ctx, made.ID)) }()
	}
	if _, invalid := errors.AsType[*engine.InvalidConfigError](err); invalid {
		return image.Result{}, coded{err, exitUsage}
	}
	if err != nil {
		return image.Result{}, err
	}
	// What the engine has is described like any other image: as it would be moved.
	built, closer, err := image.Open(ctx, string(image.Engine)+":"+made.ID, image.OpenOptions{Saver: e})
	if err != nil {
		return image.Result{}, err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	if built.Tags, err = o.tagsFor(built); err != nil {
		return image.Result{}, err
	}
	result, err := image.ResultOf(builderDocker, built)
	if err != nil {
		return image.Result{}, err
	}
	result.Steps = made.Steps
	if err := o.withinSize(result, "no tag was moved"); err != nil {
		return image.Result{}, err
	}
	if o.place.Kind == image.Engine {
		return result, e.Tag(ctx, made.ID, built.Tags)
	}
	return result, image.Put(ctx, built, o.place, image.PutOptions{Insecure: o.insecure, On: progress.show})
}

// buildRequest is the build without tags: they move once the image is known to be small enough.
func (o *imageBuildOptions) buildRequest(s term.Streams) (engine.BuildRequest, error) {
	r := engine.BuildRequest{
		Source: o.source, Target: o.target, CacheFrom: o.cacheFrom, NoCache: o.noCache, Network: o.network,
		BuildArgs: map[string]string{},
	}
	if !slices.Contains(templates.Targets(), o.target) {
		return r, coded{fmt.Errorf("--target %s: want %s", o.target, strings.Join(templates.Targets(), " or ")), exitUsage}
	}
	if !slices.Contains([]string{"", "default", "host", "none"}, o.network) {
		return r, coded{fmt.Errorf("--network %s: want host or none", o.network), exitUsage}
	}
	if len(o.platforms) == 1 {
		r.Platform = o.platforms[0]
	}
	for _, arg := range o.buildArgs {
		name, value, ok := strings.Cut(arg, "=")
		if !ok || name == "" {
			return r, coded{hinted.New(fmt.Errorf("--build-arg %q: want name=value", name), "'otlpctl render dockerfile' shows the ARGs that there are"), exitUsage}
		}
		r.BuildArgs[name] = value
	}
	if o.config == "" {
		return r, nil
	}
	file, err := o.configFile()
	if err != nil {
		return r, err
	}
	r.Config, r.Ports = file.Data, portsOf(file)
	return r, warnOfSecrets(s, file)
}

// tagsFor returns the names of an image, by its own version if none were given.
func (o *imageBuildOptions) tagsFor(built *image.Built) ([]string, error) {
	if len(o.tags) > 0 {
		return o.tags, nil
	}
	config, err := built.Variants[0].Image.ConfigFile()
	if err != nil {
		return nil, err
	}
	version := config.Config.Labels["org.opencontainers.image.version"]
	if version == "" {
		version = "dev"
	}
	tags := image.DefaultTags(version)
	if o.target == "dev" {
		tags = []string{image.Repository + ":dev"}
	}
	return tags, nil
}
