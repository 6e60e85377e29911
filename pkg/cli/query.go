package cli

import (
	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/term"
)

func newQuery(s term.Streams) *cobra.Command {
	return group("query", "Show the logs and metrics that a database keeps", newQueryLogs(s), newQueryMetrics(s))
}
