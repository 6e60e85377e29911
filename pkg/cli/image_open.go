package cli

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/engine"
	"github.com/otlpctl/otlpctl/pkg/image"
)

// whereImages is the part of a help text that says how images are named.
const whereImages = `An image is named by where it is:

  docker-archive:PATH   a file, as docker save writes it
  oci:PATH[:TAG]        a folder by OCI's image layout, or a tar of one
  engine:REF            in the container engine
  registry:REF          in a registry

With a path or a reference alone it is the file or folder if an image is there, else the
engine's image, and else the registry's. Credentials for registries are those that
'docker login' has stored.`

// openOptions are the flags of commands that read images.
type openOptions struct {
	platform string
	insecure bool
}

func (o *openOptions) flags(cmd *cobra.Command) {
	insecureFlag(cmd, &o.insecure)
	cmd.Flags().StringVar(&o.platform, "platform", "", "`os/architecture` to take of an image for several, as in linux/arm64")
}

// insecureFlag adds --insecure to a command that talks to registries.
func insecureFlag(cmd *cobra.Command, insecure *bool) {
	cmd.Flags().BoolVar(insecure, "insecure", false, "allow registries without TLS, or with a certificate that cannot be verified")
}

// check returns a usage error if a flag is wrong.
func (o *openOptions) check(cmd *cobra.Command) error {
	if err := image.CheckPlatform(o.platform); err != nil {
		return usageError(cmd, err)
	}
	return nil
}

// open opens an image wherever it is.
func (o *openOptions) open(ctx context.Context, text string) (*image.Built, io.Closer, error) {
	return image.Open(ctx, text, image.OpenOptions{Saver: localEngine{}, Insecure: o.insecure, Platform: o.platform})
}

// localEngine is the container engine. It is connected to only when it is asked for an image.
type localEngine struct{}

// Save returns the archive of an image.
func (localEngine) Save(ctx context.Context, ref string) (io.ReadCloser, error) {
	e, err := engine.Open(ctx)
	if err != nil {
		return nil, err
	}
	archive, err := e.Save(ctx, ref)
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return engineArchive{archive, e}, nil
}

// engineArchive is an archive that is being sent by the engine.
type engineArchive struct {
	io.ReadCloser
	engine *engine.Engine
}

// Close ends the connection as well.
func (a engineArchive) Close() error { return errors.Join(a.ReadCloser.Close(), a.engine.Close()) }
