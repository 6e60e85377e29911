package cli

import (
	"cmp"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

type versionOptions struct {
	format output.Format
}

func newVersion(s term.Streams) *cobra.Command {
	var o versionOptions
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print version, commit and protocol version",
		Example: `  otlpctl version
  otlpctl version -o json | jq -r .commit`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error { return runVersion(s, o) },
	}
	formatFlag(cmd, &o.format)
	return cmd
}

func runVersion(s term.Streams, o versionOptions) error {
	b := thisBuild()
	return o.format.Write(s.Out, b, func(r *output.Rows) {
		known := func(text string) string { return cmp.Or(text, "unknown") }
		changes := ""
		if b.Modified {
			changes = " and local changes"
		}
		r.Add("version", known(b.Version))
		r.Add("commit", known(b.Commit)+changes)
		r.Add("date", known(b.Date))
		r.Add("go", known(b.Go))
		r.Add("platform", known(b.Platform))
		r.Add("otlp", known(b.OTLP))
	})
}
