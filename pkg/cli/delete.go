package cli

import (
	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/term"
)

func newDelete(s term.Streams) *cobra.Command {
	return group("delete", "Remove what was deployed", newDeleteDocker(s), newDeleteK8s(s))
}
