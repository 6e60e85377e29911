package cli

import (
	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/term"
)

func newImage(_ term.Streams) *cobra.Command {
	cmd := group("image", "Build, look into and move container images")
	return cmd
}
