package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/engine"
	"github.com/otlpctl/otlpctl/pkg/image"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// The places that image load knows.
const (
	intoEngine     = "engine"
	intoContainerd = "containerd"
	intoKind       = "kind"
	intoK3s        = "k3s"
)

func loadPlaces() []string { return []string{intoEngine, intoContainerd, intoKind, intoK3s} }

type imageLoadOptions struct {
	image   string
	into    string
	cluster string
	address string
	from    openOptions
}

func newImageLoad(s term.Streams) *cobra.Command {
	var o imageLoadOptions
	cmd := &cobra.Command{
		Use:   "load <image>",
		Short: "Put an image where a local cluster finds it",
		Long: `Put an image where containers or a cluster on this machine find it, without a registry.
--into says where it goes:

  engine      the container engine: Docker, or Podman's service
  containerd  the containerd of this machine, where its Kubernetes looks; needs ctr
  kind        every node of the kind cluster that --cluster names
  k3s         the k3s of this machine; needs k3s

Pods use such an image with imagePullPolicy IfNotPresent or Never.

` + whereImages,
		Example: `  otlpctl image load otlpctl.tar --into engine
  otlpctl image load otlpctl:latest --into kind --cluster staging
  sudo otlpctl image load oci:otlpctl-image --platform linux/amd64 --into k3s`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return nil
			}
			return usageError(cmd, fmt.Errorf("%s takes one image, got %d", cmd.CommandPath(), len(args)))
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(cmd); err != nil {
				return err
			}
			o.image = args[0]
			return runImageLoad(cmd.Context(), s, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.into, "into", intoEngine, strings.Join(loadPlaces(), ", "))
	f.StringVar(&o.cluster, "cluster", "kind", "kind: `name` of the cluster")
	f.StringVar(&o.address, "address", "", "containerd: `socket` (default that of ctr)")
	o.from.flags(cmd)
	offer(cmd, "into", loadPlaces()...)
	return cmd
}

func (o *imageLoadOptions) check(cmd *cobra.Command) error {
	if !slices.Contains(loadPlaces(), o.into) {
		return usageError(cmd, fmt.Errorf("--into %s: want one of %s", o.into, strings.Join(loadPlaces(), ", ")))
	}
	for flag, into := range map[string]string{"cluster": intoKind, "address": intoContainerd} {
		if cmd.Flags().Changed(flag) && o.into != into {
			return usageError(cmd, fmt.Errorf("--%s goes with --into %s only", flag, into))
		}
	}
	return o.from.check(cmd)
}

func runImageLoad(ctx context.Context, s term.Streams, o imageLoadOptions) (err error) {
	loader, closeLoader, err := o.loader(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeLoader()) }()
	built, closer, err := o.from.open(ctx, o.image)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	if err := o.put(ctx, s, built, loader); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.Err, "loaded %s into %s\n", strings.Join(built.Tags, ", "), o.into)
	return err
}

// put gives the image to the loader, and shows that it does.
func (o *imageLoadOptions) put(ctx context.Context, s term.Streams, built *image.Built, loader image.Loader) error {
	show, done := showSteps(s)
	defer done()
	on := func(e image.Event) {
		e.Name = "[load] into " + o.into
		show(e)
	}
	return image.Put(ctx, built, image.Place{Kind: image.Engine}, image.PutOptions{Loader: loader, On: on})
}

// loader returns what takes the image, and how to close it.
func (o *imageLoadOptions) loader(ctx context.Context) (image.Loader, func() error, error) {
	unopened := func() error { return nil }
	switch o.into {
	case intoContainerd:
		return engine.Containerd(o.address), unopened, nil
	case intoK3s:
		return engine.K3s(), unopened, nil
	}
	e, err := engine.Open(ctx)
	if err != nil || o.into == intoEngine {
		return e, e.Close, err
	}
	kind, err := e.Kind(ctx, o.cluster)
	if err != nil {
		return nil, nil, errors.Join(err, e.Close())
	}
	return kind, e.Close, nil
}
