package cli

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

type configShowOptions struct {
	config configOptions
	origin bool
	format output.Format
}

func newConfigShow(s term.Streams) *cobra.Command {
	o := configShowOptions{format: output.YAML}
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Print the configuration that all layers amount to",
		Long: `Print the configuration that all layers amount to, with every default: what otlpctl serve
would run with the same flags and variables. The result is a configuration itself, but
for secrets, which are shown as ***. The short form is printed beside the long one, as
far as it can say what the long one does.`,
		Example: `  otlpctl config show

  # Where does each value come from?
  otlpctl config show --config otel.yaml --origin
  otlpctl config show -o json --origin | jq '.origins["server.port"]'`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error { return runConfigShow(s, o) },
	}
	configFlags(cmd, &o.config)
	cmd.Flags().BoolVar(&o.origin, "origin", false, "tell for each value the layer and the place that it is from")
	documentFlag(cmd, &o.format)
	return cmd
}

// shownConfig is the JSON document of config show --origin. The names of its fields are API.
type shownConfig struct {
	Config  *config.Value            `json:"config"`
	Origins map[string]config.Origin `json:"origins"`
}

func runConfigShow(s term.Streams, o configShowOptions) error {
	loaded, err := o.config.load(s)
	if err != nil {
		return err
	}
	shown := loaded.Show()
	switch {
	case o.format == output.YAML:
		_, err := io.WriteString(s.Out, configYAML(s.Out, shown, o.origin))
		return err
	case !o.origin:
		return o.format.Write(s.Out, shown, nil)
	}
	origins := map[string]config.Origin{}
	for _, leaf := range shown.Leaves() {
		origins[leaf.Path] = leaf.Origin
	}
	return o.format.Write(s.Out, shownConfig{shown, origins}, nil)
}
