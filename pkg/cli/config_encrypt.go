package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/term"
)

type configEncryptOptions struct {
	recipientOptions

	allSecrets bool
	valueFrom  string
}

func newConfigEncrypt(s term.Streams) *cobra.Command {
	var o configEncryptOptions
	cmd := &cobra.Command{
		Use:   "encrypt FILE [PATH]... [flags]",
		Short: "Encrypt values in a configuration file",
		Long: `Encrypt the values at the paths, in the file, and leave every other byte of it as it is.
The paths that were encrypted are printed. An encrypted value is the text ENC[age,…]; it
holds for its key only and is decrypted where the configuration is loaded.

It is encrypted for those whom --recipient and --recipients-file name; without these for
those in OTLPCTL_AGE_RECIPIENTS, separated by commas; without these for the owner of the
identity in OTLPCTL_AGE_KEY_FILE or OTLPCTL_AGE_KEY. The file is replaced as a whole or
not at all.`,
		Example: `  otlpctl config encrypt otel.yaml exporters.otlp.headers.authorization

  # Whatever the schema says is secret, for two keys
  otlpctl config encrypt otel.yaml --all-secrets --recipient age1… --recipient age1…

  # A new value for a key that is there: asked for, or from a program
  otlpctl config encrypt otel.yaml exporters.otlp.headers.authorization --value-from -
  pass show backend | otlpctl config encrypt otel.yaml exporters.otlp.headers.authorization --value-from -`,
		Args:              fileArgument,
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := noAssignments(cmd, args[1:], "a new value is read with --value-from"); err != nil {
				return err
			}
			if err := o.check(args[1:]); err != nil {
				return usageError(cmd, err)
			}
			return runConfigEncrypt(cmd.Context(), s, o, args[0], args[1:])
		},
	}
	recipientFlags(cmd, &o.recipientOptions)
	cmd.Flags().BoolVar(&o.allSecrets, "all-secrets", false, "encrypt every plain value whose key is secret")
	cmd.Flags().StringVar(&o.valueFrom, "value-from", "", "set a new value from this `file`, or - for standard input; a terminal is asked without echo")
	return cmd
}

func (o configEncryptOptions) check(paths []string) error {
	switch {
	case o.allSecrets && (len(paths) > 0 || o.valueFrom != ""):
		return errors.New("--all-secrets takes no paths and no --value-from")
	case o.valueFrom != "" && len(paths) != 1:
		return errors.New("--value-from needs one path")
	case !o.allSecrets && len(paths) == 0:
		return errors.New("name the paths to encrypt, or pass --all-secrets")
	}
	return nil
}

func runConfigEncrypt(ctx context.Context, s term.Streams, o configEncryptOptions, file string, paths []string) error {
	before, err := readText(file)
	if err != nil {
		return err
	}
	to, err := o.find(processKeys(), true)
	if err != nil {
		return err
	}
	if o.allSecrets {
		var referring []string
		paths, referring = before.Secrets()
		for _, path := range referring {
			note(s.Err, "%s has a reference in it and stays as it is", path)
		}
	}
	after, err := o.encrypt(ctx, s, before, paths, to)
	if err != nil {
		return err
	}
	if err := replaceText(before, after); err != nil {
		return err
	}
	noteNarrowed(s, before, after, paths)
	return printLines(s, paths)
}

func (o configEncryptOptions) encrypt(ctx context.Context, s term.Streams, t *config.Text, paths []string, to config.Recipients) (*config.Text, error) {
	if o.valueFrom == "" {
		return t.Encrypt(paths, to)
	}
	if err := t.Settable(paths[0]); err != nil {
		return nil, err // before anybody types a password in vain
	}
	value, err := o.value(ctx, s, paths[0])
	if err != nil {
		return nil, fmt.Errorf("--value-from %s: %w", o.valueFrom, err)
	}
	return t.Set(paths[0], value, to)
}

// value reads the new value. Editors and programs end it with a line break that is no part of it.
func (o configEncryptOptions) value(ctx context.Context, s term.Streams, path string) (string, error) {
	var text string
	switch {
	case o.valueFrom == "-" && s.Asks():
		line, err := s.Secret(ctx, "new value of "+path+":")
		if err != nil {
			return "", err
		}
		text = line
	case o.valueFrom == "-":
		data, err := io.ReadAll(s.In)
		if err != nil {
			return "", err
		}
		text = string(data)
	default:
		files, err := config.ReadFiles([]string{o.valueFrom})
		if err != nil {
			return "", err
		}
		text = string(files[0].Data)
	}
	if text = strings.TrimRight(text, "\r\n"); text == "" {
		return "", errors.New("there is nothing in it")
	}
	return text, nil
}
