package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// usageError says that cmd was called wrongly. Nothing has been attempted.
func usageError(cmd *cobra.Command, err error) error {
	return coded{hinted.New(err, fmt.Sprintf("run '%s --help' for usage", cmd.CommandPath())), exitUsage}
}

// report is the one place where errors are printed: what went wrong, then what to do about it.
func report(w *term.Output, code int, err error) {
	if _, said := errors.AsType[reported](err); said || err == nil {
		return
	}
	if faults, ok := errors.AsType[config.Errors](err); ok {
		for _, fault := range faults {
			printFinding(w, w.Paint(term.Error, "error:"), fault)
		}
		return
	}
	text := err.Error()
	if code == exitInterrupted {
		text = "interrupted"
	}
	// The lines after the first belong to the same error: indent them under its text.
	text = strings.ReplaceAll(text, "\n", "\n       ")
	_, _ = fmt.Fprintln(w, w.Paint(term.Error, "error:"), w.Printable(text))
	for _, hint := range hints(err) {
		printHint(w, hint)
	}
}

// printFinding prints one finding in a configuration file.
func printFinding(w *term.Output, label string, f config.Finding) {
	_, _ = fmt.Fprintln(w, label, findingText(w, f))
}

// findingText returns a finding with its line and, on a line of its own, its hint.
func findingText(w *term.Output, f config.Finding) string {
	hint := f.Hint
	f.Hint = ""
	detail := w.Printable(f.Detail())
	if hint == "" {
		return detail
	}
	return detail + "\n" + hintText(w, hint)
}

func printHint(w *term.Output, hint string) { _, _ = fmt.Fprintln(w, hintText(w, hint)) }

func hintText(w *term.Output, hint string) string {
	return w.Paint(term.Hint, "hint:") + " " + w.Printable(hint)
}

// hints returns the hints of an error, as they are printed.
func hints(err error) []string { return hinted.All(err) }
