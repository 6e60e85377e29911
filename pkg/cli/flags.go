package cli

import (
	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// formatFlag adds -o to a command that lists or reports.
func formatFlag(cmd *cobra.Command, f *output.Format) {
	cmd.Flags().VarP(f, "output", "o", "table, json or yaml")
	offer(cmd, "output", "table", "json", "yaml")
}

// colorFlag adds --color to root, and so to every command.
func colorFlag(root *cobra.Command, s term.Streams) {
	root.PersistentFlags().Var(s.ColorFlag(), "color", "color the output: auto, always or never")
	offer(root, "color", "auto", "always", "never")
}

// offer lets the shell complete the values of a flag that cmd already has.
func offer(cmd *cobra.Command, flag string, values ...string) {
	complete := cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)
	if err := cmd.RegisterFlagCompletionFunc(flag, complete); err != nil {
		panic(err) // the flag does not exist
	}
}
