package cli

import (
	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/term"
)

func newLogs(s term.Streams) *cobra.Command {
	return group("logs", "Show the logs of what was deployed", newLogsDocker(s), newLogsK8s(s))
}
