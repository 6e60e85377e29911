package cli

import (
	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/term"
)

func newDeploy(s term.Streams) *cobra.Command {
	return group("deploy", "Bring the receiver to where it runs, and wait until it is healthy", newDeployDocker(s), newDeployK8s(s))
}
