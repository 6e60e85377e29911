package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/term"
)

func newConfigDecrypt(s term.Streams) *cobra.Command {
	inPlace := false
	cmd := &cobra.Command{
		Use:   "decrypt FILE [PATH]... [flags]",
		Short: "Print a configuration file with its values decrypted",
		Long: `Print the file with every encrypted value decrypted, or only the values at the paths, each
followed by a line break. The identity is that in OTLPCTL_AGE_KEY_FILE or OTLPCTL_AGE_KEY.
Everything that this command prints is secret.`,
		Example: `  OTLPCTL_AGE_KEY_FILE=age.key otlpctl config decrypt otel.yaml
  otlpctl config decrypt otel.yaml exporters.otlp.headers.authorization`,
		Args:              fileArgument,
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if inPlace && len(args) > 1 {
				return usageError(cmd, errors.New("--in-place decrypts the whole file and takes no paths"))
			}
			if err := noAssignments(cmd, args[1:], "name the path alone"); err != nil {
				return err
			}
			return runConfigDecrypt(s, inPlace, args[0], args[1:])
		},
	}
	cmd.Flags().BoolVar(&inPlace, "in-place", false, "write the file back instead, and print the paths that were decrypted")
	return cmd
}

func runConfigDecrypt(s term.Streams, inPlace bool, file string, paths []string) error {
	before, err := readText(file)
	if err != nil {
		return err
	}
	if len(paths) > 0 {
		values, err := before.Values(paths, processKeys())
		if err != nil {
			return err
		}
		return printLines(s, values)
	}
	after, err := before.Decrypt(processKeys())
	if err != nil {
		return err
	}
	if !inPlace {
		_, err := s.Out.Write(after.Data)
		return err
	}
	if err := replaceText(before, after); err != nil {
		return err
	}
	return printLines(s, before.Sealed())
}
