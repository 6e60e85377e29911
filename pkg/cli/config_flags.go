package cli

import (
	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// configOptions are the flags of every command that reads a configuration.
type configOptions struct {
	files []string
	set   []string
}

func configFlags(cmd *cobra.Command, o *configOptions) {
	cmd.Flags().StringArrayVar(&o.files, "config", nil, "configuration `file`; repeat it to override earlier files")
	cmd.Flags().StringArrayVar(&o.set, "set", nil, "set one value, `path=value`, over files and environment")
	if err := cmd.MarkFlagFilename("config", "yaml", "yml", "json", "toml"); err != nil {
		panic(err) // the flag does not exist
	}
}

// given says that files were named: without that, the configuration need not be the one that was deployed.
func (o configOptions) given() bool { return len(o.files) > 0 }

func (o configOptions) sources() config.Sources { return config.ProcessSources(o.files, o.set) }

// written reads the configuration for a place elsewhere, which has variables and keys of its own.
func (o configOptions) written() (config.Loaded, error) {
	files, err := config.ReadFiles(o.files)
	if err != nil {
		return config.Loaded{}, err
	}
	return config.LoadWritten(files, o.set)
}

// load reads the configuration and prints its warnings.
func (o configOptions) load(s term.Streams) (config.Loaded, error) {
	loaded, err := config.Load(o.sources())
	if err != nil {
		return loaded, err
	}
	printWarnings(s, loaded.Warnings)
	return loaded, nil
}

func printWarnings(s term.Streams, warnings config.Warnings) {
	for _, warning := range warnings {
		printFinding(s.Err, s.Err.Paint(term.Warn, "warning:"), warning)
	}
}
