package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/term"
)

func newConfigEdit(s term.Streams) *cobra.Command {
	var o recipientOptions
	cmd := &cobra.Command{
		Use:   "edit FILE",
		Short: "Edit a configuration file with its values decrypted",
		Long: `Open the file in $VISUAL, $EDITOR or vi, with every encrypted value decrypted. On leaving the
editor they are encrypted again: those that are the same keep the bytes that they had, the
others are encrypted as by otlpctl config encrypt, and their paths are printed. A decrypted
value that was moved to another key is encrypted for that one. Plain values stay plain.

The file is not touched if the editor fails (in vi, :cq), if the text does not parse, or if
a decrypted value is left in a comment. On a terminal you are asked then whether to go on
editing. Otherwise the edit is discarded if there are decrypted values in it, and kept in a
temporary file if there are none.

The decrypted text is a file in a folder of its own, in $XDG_RUNTIME_DIR if there is one,
that is removed with all that is in it however the edit ends. An editor that writes copies
to other places must be told not to.`,
		Example: `  OTLPCTL_AGE_KEY_FILE=age.key otlpctl config edit otel.yaml`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError(cmd, fmt.Errorf("%s needs one file", cmd.CommandPath()))
			}
			return nil
		},
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runConfigEdit(cmd.Context(), s, o, args[0])
		},
	}
	recipientFlags(cmd, &o)
	return cmd
}

func runConfigEdit(ctx context.Context, s term.Streams, o recipientOptions, file string) error {
	keys := processKeys()
	before, err := readText(file)
	if err != nil {
		return err
	}
	edit, err := before.Open(keys)
	if err != nil {
		return err
	}
	var to config.Recipients
	if edit.Secret() {
		if to, err = o.find(keys, true); err != nil {
			return err // and not when all the typing is done
		}
	}
	e, err := openEditor(file, edit.Plain())
	if err != nil {
		return err
	}
	after, err := edited(ctx, s, e, edit, to)
	if err != nil {
		// Not an interruption, whatever was pressed in the editor.
		return abandon(s, e, edit, file, err)
	}
	if err := e.close(); err != nil {
		note(s.Err, "the decrypted text could not be removed: %v", err)
	}
	return finishEdit(s, before, after)
}

// edited lets the editor run until what it leaves can be taken.
func edited(ctx context.Context, s term.Streams, e *editor, edit *config.Edit, to config.Recipients) (config.Edited, error) {
	for {
		text, err := e.edit(ctx, s)
		if err != nil {
			return config.Edited{}, err
		}
		after, err := edit.Close(text, to)
		if err == nil {
			return after, nil
		}
		report(s.Err, exitFailed, err)
		if !e.again(ctx, s) {
			return config.Edited{}, errNotTaken{}
		}
	}
}

// errNotTaken says that the edited text is no configuration; why is said already.
type errNotTaken struct{}

func (errNotTaken) Error() string { return "the edited text cannot be taken" }

// abandon ends an edit that has failed. Text with decrypted values is not left anywhere.
func abandon(s term.Streams, e *editor, edit *config.Edit, file string, cause error) error {
	code := exitFailed
	if errors.Is(cause, errNotTaken{}) {
		code = exitUsage
		if !edit.Secret() {
			e.leave()
			return coded{hinted.New(fmt.Errorf("%s is unchanged: %w", file, cause), "the edited text is in "+e.file), code}
		}
		hint := "it had decrypted values in it and was discarded"
		if !s.Asks() {
			hint += "; on a terminal you can go on editing"
		}
		cause = hinted.New(cause, hint)
	}
	return coded{errors.Join(fmt.Errorf("%s is unchanged: %w", file, cause), e.close()), code}
}

// finishEdit writes the file. If that fails the text is kept elsewhere: it is encrypted again.
func finishEdit(s term.Streams, before *config.Text, after config.Edited) error {
	if string(before.Data) == string(after.Data) {
		note(s.Err, "%s is unchanged", before.Name)
		return nil
	}
	if err := replaceText(before, after.Text); err != nil {
		return coded{rescue(after.File, err), exitFailed}
	}
	noteNarrowed(s, before, after.Text, after.Encrypted)
	for _, path := range after.Opened {
		note(s.Err, "%s is a reference now and is not encrypted", path)
	}
	was, _ := before.Secrets()
	is, _ := after.Secrets()
	for _, path := range is {
		if !slices.Contains(was, path) {
			note(s.Err, "%s is secret and in plain text: 'otlpctl config encrypt %s %s' encrypts it", path, before.Name, path)
		}
	}
	return printLines(s, after.Encrypted)
}

func rescue(f config.File, cause error) error {
	kept, err := os.CreateTemp("", "otlpctl-edited-*-"+filepath.Base(f.Name))
	if err != nil {
		return errors.Join(cause, err)
	}
	_, err = kept.Write(f.Data)
	if err = errors.Join(err, kept.Close()); err != nil {
		return errors.Join(cause, err)
	}
	return hinted.New(cause, "the edited text, with its values encrypted again, is in "+kept.Name())
}
