package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/image"
	"github.com/otlpctl/otlpctl/pkg/image/inspect"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

type imageInspectOptions struct {
	open   openOptions
	image  string
	format output.Format
}

func newImageInspect(s term.Streams) *cobra.Command {
	var o imageInspectOptions
	cmd := &cobra.Command{
		Use:   "inspect <image>",
		Short: "Show what is in an image, and what a reviewer would object to",
		Long: `Show layers with their sizes and what made them, the configuration, the program and its
build information, the bill of materials, what is wasted on files that later layers
overwrite or delete, and the verdict of a list of checks. Nothing is run or unpacked, and
any image will do, not only those of otlpctl. Values whose names sound like secrets are
hidden.

` + whereImages + `

Of an image for several platforms, that for this machine is shown unless --platform says
otherwise.`,
		Example: `  otlpctl image inspect otlpctl:latest
  otlpctl image inspect oci:otlpctl-image --platform linux/arm64
  otlpctl image inspect ghcr.io/otlpctl/otlpctl:1.0 -o json | jq '.checks[] | select(.status == "warn")'`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return nil
			}
			return usageError(cmd, fmt.Errorf("%s takes one image, got %d", cmd.CommandPath(), len(args)))
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.image = args[0]
			if err := o.open.check(cmd); err != nil {
				return err
			}
			return runImageInspect(cmd.Context(), s, o)
		},
		ValidArgsFunction: completeFiles(1),
	}
	o.open.flags(cmd)
	formatFlag(cmd, &o.format)
	return cmd
}

// completeFiles lets the shell complete files for the first arguments of a command.
func completeFiles(arguments int) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) < arguments {
			return nil, cobra.ShellCompDirectiveDefault
		}
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
}

func runImageInspect(ctx context.Context, s term.Streams, o imageInspectOptions) (err error) {
	built, closer, err := o.open.open(ctx, o.image)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	report, err := inspect.Image(o.image, built, func(data []byte) []string {
		return portsOf(config.File{Name: image.ConfigPath, Data: data})
	})
	if err != nil {
		return err
	}
	if o.format == output.Table {
		return printInspection(s.Out, report)
	}
	return o.format.Write(s.Out, report, nil)
}
