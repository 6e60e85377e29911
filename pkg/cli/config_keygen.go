package cli

import (
	"errors"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/term"
)

func newConfigKeygen(s term.Streams) *cobra.Command {
	file := ""
	cmd := &cobra.Command{
		Use:   "keygen",
		Short: "Make a key for encrypted values",
		Long: `Make a file with an identity, which decrypts values and must be kept secret, and print the
recipient that belongs to it, which values are encrypted for. The file is one of age and can
be read by its owner only; one that is there is not overwritten. Without -o the identity
itself is printed, with the recipient in a comment.`,
		Example: `  otlpctl config keygen -o age.key
  otlpctl config encrypt otel.yaml --all-secrets --recipient age1…
  OTLPCTL_AGE_KEY_FILE=age.key otlpctl serve --config otel.yaml`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error { return runConfigKeygen(s, file) },
	}
	cmd.Flags().StringVarP(&file, "output", "o", "", "write the identity to this `file`")
	if err := cmd.MarkFlagFilename("output"); err != nil {
		panic(err) // the flag does not exist
	}
	return cmd
}

func runConfigKeygen(s term.Streams, file string) error {
	identity, recipient, err := config.NewIdentity(time.Now().Format(time.RFC3339))
	if err != nil {
		return err
	}
	if file == "" {
		_, err := s.Out.Write(identity)
		return err
	}
	if err := config.NewFile(config.File{Name: file, Data: identity}); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return hinted.New(err, "choose another name: what is encrypted for that key can be read with that file only")
		}
		return err
	}
	return printLines(s, []string{recipient})
}
