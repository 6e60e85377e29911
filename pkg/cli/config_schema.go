package cli

import (
	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

func newConfigSchema(s term.Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of configuration files",
		Long: `Print the JSON Schema (draft 2020-12) of configuration files, with which editors complete,
explain and check keys. What it cannot know is what concerns several keys at once: that
is up to otlpctl serve.`,
		Example: `  # For editors with yaml-language-server: next to the file that otlpctl config init writes
  otlpctl config schema >config/otlpctl.schema.json`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error { return runConfigSchema(s) },
	}
}

func runConfigSchema(s term.Streams) error {
	format := output.JSON
	return format.Write(s.Out, config.Schema(), nil)
}
