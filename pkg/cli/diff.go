package cli

import (
	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/term"
)

func newDiff(s term.Streams) *cobra.Command {
	return group("diff", "Show what a deployment would change", newDiffDocker(s), newDiffK8s(s))
}
