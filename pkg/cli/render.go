package cli

import (
	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/term"
)

func newRender(s term.Streams) *cobra.Command {
	return group("render", "Print what a deployment is made from",
		newRenderDockerfile(s),
		newRenderRootfs(s),
		newRenderK8s(s),
	)
}
