package cli

import (
	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/term"
)

func newStatus(s term.Streams) *cobra.Command {
	return group("status", "Show how what was deployed is", newStatusDocker(s), newStatusK8s(s))
}
