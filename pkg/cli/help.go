package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/term"
)

// newHelp returns the command behind "otlpctl help serve". It is hidden: --help does the same.
func newHelp(s term.Streams) *cobra.Command {
	return &cobra.Command{
		Use:    "help [command]...",
		Short:  "Explain a command",
		Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			target, rest, err := cmd.Root().Find(args)
			if err != nil {
				return usageError(cmd, err)
			}
			if err := unknownCommand(target, rest); err != nil {
				return err
			}
			return writeHelp(s.Out, target)
		},
	}
}

// runHelp answers --help, and a group that is called without a subcommand.
func runHelp(s term.Streams, cmd *cobra.Command) error {
	if err := unknownCommand(cmd, cmd.Flags().Args()); err != nil {
		return err
	}
	return writeHelp(s.Out, cmd)
}

// writeHelp leads with the examples: they answer most questions.
func writeHelp(w *term.Output, cmd *cobra.Command) error {
	cmd.InitDefaultHelpFlag()
	var b strings.Builder
	section := func(title, text string) {
		if text != "" {
			b.WriteString("\n" + w.Paint(term.Bold, title) + "\n" + strings.TrimRight(text, "\n") + "\n")
		}
	}
	if cmd.Long != "" {
		b.WriteString(cmd.Long + "\n")
	} else {
		b.WriteString(cmd.Short + ".\n")
	}
	section("Examples", cmd.Example)
	section("Usage", usageLines(cmd))
	section("Commands", commandList(cmd))
	section("Flags", cmd.LocalFlags().FlagUsagesWrapped(w.Width()))
	section("Global flags", cmd.InheritedFlags().FlagUsagesWrapped(w.Width()))
	if !cmd.HasParent() {
		section("Exit codes", exitCodeList())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func usageLines(cmd *cobra.Command) string {
	if cmd.HasSubCommands() {
		return "  " + cmd.CommandPath() + " <command> [flags]"
	}
	return "  " + cmd.UseLine()
}

func commandList(cmd *cobra.Command) string {
	var b strings.Builder
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			fmt.Fprintf(&b, "  %-*s  %s\n", cmd.NamePadding(), sub.Name(), sub.Short)
		}
	}
	return b.String()
}

func exitCodeList() string {
	var b strings.Builder
	for _, e := range exitMeanings() {
		fmt.Fprintf(&b, "  %3d  %s\n", e.code, e.meaning)
	}
	return b.String()
}
