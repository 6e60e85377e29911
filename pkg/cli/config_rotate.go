package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/term"
)

func newConfigRotate(s term.Streams) *cobra.Command {
	var o recipientOptions
	cmd := &cobra.Command{
		Use:   "rotate FILE... [flags]",
		Short: "Encrypt the encrypted values of configuration files for others",
		Long: `Decrypt every encrypted value with the identity in OTLPCTL_AGE_KEY_FILE or
OTLPCTL_AGE_KEY, and encrypt it for exactly those whom --recipient, --recipients-file or
OTLPCTL_AGE_RECIPIENTS name. Unless all values of all files can be decrypted, no file is
changed. The files and paths are printed, with a tab between them.

Who could read a value before can still read it in an earlier version of the file: change
the secret itself as well if that matters.`,
		Example: `  otlpctl config rotate config/*.yaml --recipient age1… --recipient age1…`,
		Args:    fileArgument,
		RunE:    func(_ *cobra.Command, args []string) error { return runConfigRotate(s, o, args) },
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"yaml", "yml", "json", "toml"}, cobra.ShellCompDirectiveFilterFileExt
		},
	}
	recipientFlags(cmd, &o)
	return cmd
}

func runConfigRotate(s term.Streams, o recipientOptions, files []string) error {
	keys := processKeys()
	// Not the owner of the identity by default: whoever else can read the values would not be able
	// to any more, and nobody would have said so.
	to, err := o.find(keys, false)
	if err != nil {
		return err
	}
	before, after := make([]*config.Text, len(files)), make([]*config.Text, len(files))
	for i, file := range files {
		if before[i], err = readText(file); err != nil {
			return err
		}
		if after[i], err = before[i].Rotate(keys, to); err != nil {
			return err
		}
	}
	for i, file := range files {
		if err := replaceText(before[i], after[i]); err != nil {
			return hinted.New(err, fmt.Sprintf("%d of %d files are done; run it again for all of them", i, len(files)))
		}
		paths := after[i].Sealed()
		if len(paths) == 0 {
			note(s.Err, "%s has no encrypted values", file)
		}
		for j, path := range paths {
			paths[j] = file + "\t" + path
		}
		if err := printLines(s, paths); err != nil {
			return err
		}
	}
	return nil
}
