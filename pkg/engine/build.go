package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/build"

	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/image"
	"github.com/otlpctl/otlpctl/templates"
)

// BuildRequest says what BuildImage builds.
type BuildRequest struct {
	// Source is the folder of the module, with cmd/otlpctl in it.
	Source string
	// Target is the stage of the Dockerfile: runtime, which is the zero value, or dev.
	Target string
	// Platform is os/architecture; the engine's own if it is empty.
	Platform string
	// Tags are the names that the image is to have. They move when it is complete, all or none. An
	// image without any is for Tag or Discard.
	Tags []string
	// Config is the configuration to bake in, or nil for the default one of the source.
	Config []byte
	// Ports are what that configuration listens on, such as 4317/tcp; nil for those of the default one.
	Ports []string
	// BuildArgs are values for the ARGs of the Dockerfile.
	BuildArgs map[string]string
	// CacheFrom names images whose layers may be taken over.
	CacheFrom []string
	// NoCache makes every step run.
	NoCache bool
	// Network is that of the commands that run: empty for the engine's default, host, or none.
	Network string
}

// The builders of an engine.
const (
	BuildKit = "buildkit"
	Classic  = "classic"
)

// BuildResult is what BuildImage has built.
type BuildResult struct {
	// ID is that of the image's configuration, by which the engine knows it.
	ID string
	// Builder is BuildKit or Classic. Podman counts as Classic.
	Builder string
	// Steps counts those that did something or would have; FROM is none.
	Steps image.Steps
}

// BuildImage builds the image from source and reports its steps to emit, one call at a time. A
// build that fails, or is cancelled by ctx, leaves every tag where it was. The engine's own builder
// is BuildKit; without it, or if DOCKER_BUILDKIT=0 is set, it is the classic one.
func (e *Engine) BuildImage(ctx context.Context, r BuildRequest, emit func(image.Event)) (BuildResult, error) {
	if r.Target == "" {
		r.Target = templates.Targets()[0]
	}
	tags, err := image.ParseTags(r.Tags)
	if err != nil {
		return BuildResult{}, err
	}
	src, err := openSource(r)
	if err != nil {
		return BuildResult{}, err
	}
	r.BuildArgs = stamped(ctx, r.Source, r.BuildArgs)
	classic, err := e.wantsClassic(ctx)
	if err != nil {
		return BuildResult{}, err
	}
	result, err := e.build(ctx, r, src, classic, emit)
	if !classic && isWithoutBuildKit(err) {
		result, err = e.build(ctx, r, src, true, emit)
	}
	if err != nil {
		return result, e.explainBuild(ctx, err)
	}
	return result, e.Tag(ctx, result.ID, tags)
}

// wantsClassic says whether BuildKit is not even to be tried.
func (e *Engine) wantsClassic(ctx context.Context) (bool, error) {
	if text := os.Getenv("DOCKER_BUILDKIT"); text != "" {
		on, err := strconv.ParseBool(text)
		if err != nil {
			return false, fmt.Errorf("DOCKER_BUILDKIT=%s: want 0 or 1", text)
		}
		return !on, nil
	}
	ping, err := e.api.Ping(ctx)
	if err != nil {
		return false, e.unreachable(ctx, err)
	}
	return ping.BuilderVersion == build.BuilderV1, nil
}

// fitsClassic returns an error if a platform is not the engine's own: the classic builder would label
// the image as one for the engine, whatever is in it.
func (e *Engine) fitsClassic(ctx context.Context, platform string) error {
	if platform == "" {
		return nil
	}
	version, err := e.api.ServerVersion(ctx)
	if err != nil {
		return e.explain(ctx, "ask the container engine for its platform", err)
	}
	if own := version.Os + "/" + version.Arch; own != platform {
		return hinted.New(
			fmt.Errorf("build for %s: without BuildKit the container engine builds for %s only", platform, own),
			"use an engine with BuildKit, or --builder oci",
		)
	}
	return nil
}

// isWithoutBuildKit says whether an engine refused a build for want of BuildKit. What comes out of
// a build that has begun never says so.
func isWithoutBuildKit(err error) bool {
	refused, ok := errors.AsType[*refusedError](err)
	return ok && strings.Contains(strings.ToLower(refused.Error()), "buildkit")
}

// refusedError is an engine's answer to a build that it does not begin.
type refusedError struct{ error }

func (e *refusedError) Unwrap() error { return e.error }

// build runs one builder.
func (e *Engine) build(ctx context.Context, r BuildRequest, src *source, classic bool, emit func(image.Event)) (BuildResult, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if classic {
		if err := e.fitsClassic(ctx, r.Platform); err != nil {
			return BuildResult{}, err
		}
	}
	logins, err := loginsFor(templates.BaseImages(r.Target, r.BuildArgs), r.CacheFrom)
	if err != nil {
		return BuildResult{}, err
	}
	options := buildOptions(r, classic)
	text := templates.Dockerfile()
	if classic {
		text = templates.ClassicDockerfile(r.Target)
		options.AuthConfigs = logins.authConfigs()
	} else if len(logins.known) > 0 {
		session, err := e.openSession(ctx, logins)
		if err != nil {
			return BuildResult{}, err
		}
		defer session.close()
		options.SessionID = session.id
	}
	files := src.stream(ctx, text)
	defer func() { _ = files.Close() }() // it ends the writing side, which has nothing to save
	answer, err := e.api.ImageBuild(ctx, files, options)
	if err != nil {
		if fault := files.fault(); fault != nil {
			return BuildResult{}, &contextError{fault}
		}
		return BuildResult{}, &refusedError{err}
	}
	defer func() { _ = answer.Body.Close() }()
	result, err := readBuild(answer.Body, emit)
	if fault := files.fault(); fault != nil {
		err = &contextError{fault} // the engine's complaint is about half a context
	}
	return result, err
}

// buildOptions are those of the request, without tags: they move when the image is complete.
func buildOptions(r BuildRequest, classic bool) build.ImageBuildOptions {
	options := build.ImageBuildOptions{
		Version: build.BuilderBuildKit, Dockerfile: dockerfileName, Target: r.Target, Platform: r.Platform,
		BuildArgs: map[string]*string{}, CacheFrom: r.CacheFrom, NoCache: r.NoCache, NetworkMode: r.Network,
		Remove: true, ForceRemove: true,
	}
	for name, value := range r.BuildArgs {
		options.BuildArgs[name] = &value
	}
	if len(r.Ports) > 0 {
		ports := strings.Join(r.Ports, " ")
		options.BuildArgs["PORTS"] = &ports
	}
	if !classic {
		one := "1"
		options.BuildArgs["BUILDKIT_INLINE_CACHE"] = &one
		return options
	}
	// The platform is the engine's own, and naming it is experimental there.
	options.Version, options.Platform = build.BuilderV1, ""
	return options
}
