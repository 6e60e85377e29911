package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/image"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
	"github.com/otlpctl/otlpctl/templates"
)

// The builders.
const (
	builderOCI    = "oci"
	builderDocker = "docker"
)

// layoutFolder is where an image goes that was not told where to.
const layoutFolder = "otlpctl-image"

type imageBuildOptions struct {
	builder   string
	place     image.Place
	tags      []string
	config    string
	platforms []string
	maxSize   sizeFlag
	insecure  bool
	format    output.Format

	// for the oci builder
	base, binary, binaries string

	// for the docker builder
	source, target       string
	cacheFrom, buildArgs []string
	noCache              bool
	network              string
}

func newImageBuild(s term.Streams) *cobra.Command {
	var o imageBuildOptions
	cmd := &cobra.Command{
		Use:   "build",
		Short: "Build the image of otlpctl, with or without a container engine",
		Long: `Build the image of otlpctl. There are two builders:

  oci      puts this very program, or another of --binary or --binaries, into an image. It
           needs no container engine, no source and no network. The same program and
           configuration give the same image, bit for bit, on any machine; its time is that
           of the program's commit, or SOURCE_DATE_EPOCH.
  docker   compiles the folder --source with the container engine

Where the image goes is for --output to say:

  oci:DIR               a folder, as an OCI image layout; an image with the same tag in it is
                        replaced. The default of oci, as oci:` + layoutFolder + `
  docker-archive:PATH   a file that "docker load" reads
  registry              the registries in the names of --tag, with the credentials that
                        docker or podman login stored
  engine                the container engine of this machine. The default of docker

A bill of materials is attached to the image in layouts and registries; a file and an engine
have no place for one, and take one platform. A base keeps its certificate authorities, time
zones and users.

The configuration in the image is --config, or that of otlpctl serve without one. It is
checked by the program in the image first, as "otlpctl config validate --as-written" does;
an invalid one builds nothing. Nothing is left half-written, and no tag moves, if the build
fails or is interrupted.`,
		Example: `  otlpctl image build
  otlpctl image build --output docker-archive:otlpctl.tar && docker load -i otlpctl.tar
  otlpctl image build --config gateway.yaml --tag registry.example.com/gateway:1 --output registry

  # Two platforms, of the archives of a release
  otlpctl image build --binaries dist --platform linux/amd64,linux/arm64

  # From source, with the engine
  otlpctl image build --builder docker --source . --max-size 48MB`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(cmd); err != nil {
				return usageError(cmd, err)
			}
			return runImageBuild(cmd.Context(), s, o)
		},
	}
	imageBuildFlags(cmd, &o)
	return cmd
}

func imageBuildFlags(cmd *cobra.Command, o *imageBuildOptions) {
	f := cmd.Flags()
	f.StringVar(&o.builder, "builder", builderOCI, "oci or docker")
	f.Var(&o.place, "output", "where the image goes: docker-archive:PATH, oci:DIR, registry or engine")
	f.StringArrayVar(&o.tags, "tag", nil, "`name` of the image, [registry/]repository[:tag]; repeat it for more (default otlpctl:VERSION and otlpctl:latest)")
	f.StringVar(&o.config, "config", "", "configuration to bake in, a `file` in YAML or JSON")
	f.StringSliceVar(&o.platforms, "platform", nil, "`os/architecture`, as in linux/arm64; several with --binaries (default what the program is for)")
	f.Var(&o.maxSize, "max-size", "fail if the image is larger than this unpacked, for any platform: 48MB")
	insecureFlag(cmd, &o.insecure)
	f.VarP(&o.format, "format", "o", "table, json or yaml")

	f.StringVar(&o.base, "base", "", "oci: build on this `image`, a reference, oci:DIR or docker-archive:PATH (default nothing)")
	f.StringVar(&o.binary, "binary", "", "oci: the otlpctl for Linux to pack, a `file` (default this program)")
	f.StringVar(&o.binaries, "binaries", "", "oci: `folder` of a release, unpacked or with its archives")

	f.StringVar(&o.source, "source", ".", "docker: `folder` with the source")
	f.StringVar(&o.target, "target", templates.Targets()[0], "docker: "+strings.Join(templates.Targets(), " or "))
	f.StringArrayVar(&o.cacheFrom, "cache-from", nil, "docker: `image` whose layers may be used; repeat it for more")
	f.StringArrayVar(&o.buildArgs, "build-arg", nil, "docker: `name=value` for an ARG of the Dockerfile; repeat it for more")
	f.BoolVar(&o.noCache, "no-cache", false, "docker: run every step, whatever was built before")
	f.StringVar(&o.network, "network", "", "docker: `network` of the steps: host or none (default the engine's)")

	offer(cmd, "builder", builderOCI, builderDocker)
	offer(cmd, "output", "docker-archive:", "oci:", "registry", "engine")
	offer(cmd, "target", templates.Targets()...)
	offer(cmd, "format", "table", "json", "yaml")
	for flag, extensions := range map[string][]string{"config": {"yaml", "yml", "json"}, "binary": nil} {
		if err := cmd.MarkFlagFilename(flag, extensions...); err != nil {
			panic(err) // the flag does not exist
		}
	}
	for _, flag := range []string{"binaries", "source"} {
		if err := cmd.MarkFlagDirname(flag); err != nil {
			panic(err) // the flag does not exist
		}
	}
}

// builderFlags returns the flags that belong to one builder.
func builderFlags(builder string) []string {
	if builder == builderOCI {
		return []string{"base", "binary", "binaries"}
	}
	return []string{"source", "target", "cache-from", "build-arg", "no-cache", "network"}
}

// check completes the options, or says what does not fit together.
func (o *imageBuildOptions) check(cmd *cobra.Command) error {
	other := map[string]string{builderOCI: builderDocker, builderDocker: builderOCI}[o.builder]
	if other == "" {
		return fmt.Errorf("--builder %s: want oci or docker", o.builder)
	}
	for _, flag := range builderFlags(other) {
		if cmd.Flags().Changed(flag) {
			return fmt.Errorf("--%s goes with --builder %s only", flag, other)
		}
	}
	if o.place.Kind == "" {
		o.place = image.Place{Kind: image.Layout, Path: layoutFolder}
		if o.builder == builderDocker {
			o.place = image.Place{Kind: image.Engine}
		}
	}
	var err error
	if o.tags, err = image.ParseTags(o.tags); err != nil {
		return err
	}
	if o.place.Kind == image.Registry && len(o.tags) == 0 {
		return errors.New("--output registry needs --tag REGISTRY/REPOSITORY:TAG")
	}
	return o.checkPlatforms()
}

func (o *imageBuildOptions) checkPlatforms() error {
	for _, platform := range o.platforms {
		if system, architecture, ok := strings.Cut(platform, "/"); !ok || system != "linux" || architecture == "" || strings.Contains(architecture, "/") {
			return fmt.Errorf("--platform %s: want linux/ARCHITECTURE, as in linux/arm64", platform)
		}
	}
	slices.Sort(o.platforms)
	o.platforms = slices.Compact(o.platforms)
	several := len(o.platforms) > 1
	switch {
	case o.binary != "" && o.binaries != "":
		return errors.New("--binary and --binaries exclude each other")
	case several && o.builder == builderDocker:
		return errors.New("--builder docker takes one --platform")
	case several && o.binaries == "":
		return errors.New("several platforms need --binaries, a folder with a program for each")
	case several && !o.place.TakesPlatforms():
		return fmt.Errorf("--output %s takes one --platform", o.place.String())
	}
	return nil
}

func runImageBuild(ctx context.Context, s term.Streams, o imageBuildOptions) error {
	began := time.Now()
	if err := o.place.Check(); err != nil {
		return err
	}
	build := buildOCI
	if o.builder == builderDocker {
		build = buildDocker
	}
	result, err := build(ctx, s, o)
	if err != nil {
		return err
	}
	result.Output = o.place.String()
	result.Took = time.Since(began)
	result.Seconds = math.Round(result.Took.Seconds()*1e3) / 1e3
	if o.format == output.Table {
		return printBuild(s.Out, result)
	}
	return o.format.Write(s.Out, result, nil)
}
