package cli

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/term"
	"github.com/otlpctl/otlpctl/templates"
)

type renderDockerfileOptions struct {
	classic bool
}

func newRenderDockerfile(s term.Streams) *cobra.Command {
	var o renderDockerfileOptions
	cmd := &cobra.Command{
		Use:   "dockerfile",
		Short: "Print the Dockerfile of the image",
		Long: `Print the Dockerfile that builds the image from source, the one that otlpctl image build
--builder docker uses. It has two targets: runtime is nothing but the program and what it
needs, dev has debug symbols and a shell. These ARGs can be set with --build-arg:

  GO_IMAGE               the Go toolchain (golang:1.26-bookworm)
  BASE, DEV_BASE         what runtime and dev begin with (scratch, debian:bookworm-slim)
  VERSION, COMMIT, DATE  what otlpctl version and the labels say
  PORTS                  what the configuration listens on
  GOPROXY, GOPRIVATE, GONOSUMDB, GOSUMDB   where Go modules come from

It needs BuildKit. With --classic it does without, and layers are the only cache.`,
		Example: `  # In a checkout
  otlpctl render dockerfile >Dockerfile
  docker build --target runtime --tag otlpctl .

  # On an engine without BuildKit
  otlpctl render dockerfile --classic | DOCKER_BUILDKIT=0 docker build --target runtime --file - .`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error { return runRenderDockerfile(s, o) },
	}
	cmd.Flags().BoolVar(&o.classic, "classic", false, "for builders without BuildKit")
	return cmd
}

func runRenderDockerfile(s term.Streams, o renderDockerfileOptions) error {
	text := templates.Dockerfile()
	if o.classic {
		text = templates.ClassicDockerfile("")
	}
	_, err := io.WriteString(s.Out, text)
	return err
}
