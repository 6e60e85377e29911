package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// formatFlag adds -o to a command that lists or reports.
func formatFlag(cmd *cobra.Command, f *output.Format) {
	cmd.Flags().VarP(f, "output", "o", "table, json or yaml")
	offer(cmd, "output", "table", "json", "yaml")
}

// documentFlag adds -o to a command whose result is a document and no table. The format that f has
// is the default.
func documentFlag(cmd *cobra.Command, f *output.Format) {
	cmd.Flags().VarP(documentFormat{f}, "output", "o", "yaml or json")
	offer(cmd, "output", "yaml", "json")
}

// documentFormat is a format that is not a table.
type documentFormat struct{ *output.Format }

// Set accepts yaml and json.
func (f documentFormat) Set(text string) error {
	var given output.Format
	if err := given.Set(text); err != nil || given == output.Table {
		return fmt.Errorf("want yaml or json")
	}
	*f.Format = given
	return nil
}

// word is a text that is not empty: what a script gives in a variable that is not set would mean the default, which may
// be another deployment.
type word string

func (w *word) String() string { return string(*w) }

// Type names the value in help texts, as that of other texts.
func (*word) Type() string { return "string" }

// Set accepts all but nothing.
func (w *word) Set(text string) error {
	if text == "" {
		return errors.New("it is empty: leave the flag out for the default")
	}
	*w = word(text)
	return nil
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
