package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

type configDiffOptions struct {
	a, b   string
	format output.Format
}

func newConfigDiff(s term.Streams) *cobra.Command {
	var o configDiffOptions
	cmd := &cobra.Command{
		Use:   "diff <a> <b>",
		Short: "Compare the configurations of two environments or files",
		Long: `Compare what two configurations mean: exit 0 if it is the same, 4 if not. Each is an
environment, production for config/default.yaml and config/production.yaml, or a file,
which is anything with an extension or a path. The order of keys, comments, the short
form, defaults that are written out, and 60s in place of 1m make no difference.

Variables of this process have no part in it, and ${env:…}, ${file:…} and encrypted
values are compared as they are written. Of secrets it is only said that they differ.`,
		Example: `  otlpctl config diff staging production
  otlpctl config diff config/default.yaml /etc/otlpctl/config.yaml
  otlpctl config diff staging production -o json | jq -r '.differences[].path'`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 {
				return nil
			}
			return usageError(cmd, fmt.Errorf("%s takes two environments or files, got %d", cmd.CommandPath(), len(args)))
		},
		RunE: func(_ *cobra.Command, args []string) error {
			o.a, o.b = args[0], args[1]
			return runConfigDiff(s, o)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) < 2 {
				return config.Environments(), cobra.ShellCompDirectiveDefault
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
	}
	formatFlag(cmd, &o.format)
	return cmd
}

// configDiff is the document of config diff. The names of its fields are API.
type configDiff struct {
	A           string              `json:"a"`
	B           string              `json:"b"`
	Differences []config.Difference `json:"differences"`
}

func runConfigDiff(s term.Streams, o configDiffOptions) error {
	a, err := config.Side(o.a)
	if err != nil {
		return err
	}
	b, err := config.Side(o.b)
	if err != nil {
		return err
	}
	found := configDiff{A: o.a, B: o.b, Differences: config.Diff(a, b)}
	if err := o.format.Write(s.Out, found, func(r *output.Rows) { diffRows(r, found) }); err != nil {
		return err
	}
	if len(found.Differences) > 0 {
		return errDifferences()
	}
	_, err = fmt.Fprintf(s.Err, "%s and %s mean the same\n", o.a, o.b)
	return err
}

func diffRows(r *output.Rows, found configDiff) {
	if len(found.Differences) == 0 {
		return
	}
	r.Header("PATH", found.A, found.B)
	for _, d := range found.Differences {
		a, b := diffCell(d.A), diffCell(d.B)
		if a == b {
			b += " (differs)" // both are secret
		}
		r.Add(d.Path, a, b)
	}
}

func diffCell(v *config.Value) string {
	if v == nil {
		return "-"
	}
	return v.Text()
}
