package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// recipientOptions are the flags of every command that encrypts values.
type recipientOptions struct {
	recipients []string
	file       string
}

func recipientFlags(cmd *cobra.Command, o *recipientOptions) {
	cmd.Flags().StringArrayVar(&o.recipients, "recipient", nil, "encrypt for this `age1…` key; repeat it for several")
	cmd.Flags().StringVar(&o.file, "recipients-file", "", "encrypt for the keys in this file, one a line")
	if err := cmd.MarkFlagFilename("recipients-file"); err != nil {
		panic(err) // the flag does not exist
	}
}

// find returns the recipients that flags and environment name. own lets the owner of the identity
// in the environment be the one if there are none.
func (o recipientOptions) find(keys *config.Keys, own bool) (config.Recipients, error) {
	to, err := keys.Recipients(o.recipients, o.file, own)
	if err != nil {
		return to, coded{err, exitUsage}
	}
	return to, nil
}

func processKeys() *config.Keys { return config.ProcessSources(nil, nil).Keys() }

// readText reads a configuration file as it is written.
func readText(path string) (*config.Text, error) {
	files, err := config.ReadFiles([]string{path})
	if err != nil {
		return nil, err
	}
	return config.ParseText(files[0])
}

// replaceText writes a file back that was changed.
func replaceText(before, after *config.Text) error {
	if string(before.Data) == string(after.Data) {
		return nil
	}
	return config.SaveFile(after.File, before.Data)
}

// printLines prints paths or values, each on a line.
func printLines(s term.Streams, lines []string) error {
	for _, line := range lines {
		if _, err := fmt.Fprintln(s.Out, line); err != nil {
			return err
		}
	}
	return nil
}

// noteNarrowed says of which values somebody has been shut out.
func noteNarrowed(s term.Streams, before, after *config.Text, paths []string) {
	for _, path := range after.Narrowed(before, paths) {
		note(s.Err, "%s was encrypted for more recipients before: name them all with --recipient or OTLPCTL_AGE_RECIPIENTS", path)
	}
}

func note(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }

// fileArgument is for commands that take a file, and then what else they say.
func fileArgument(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usageError(cmd, fmt.Errorf("%s needs a file", cmd.CommandPath()))
	}
	return nil
}

// completeFile lets the shell complete the file, and nothing behind it.
func completeFile(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return []string{"yaml", "yml", "json", "toml"}, cobra.ShellCompDirectiveFilterFileExt
}
