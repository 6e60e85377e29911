package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/image/inspect"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

type imageDiffOptions struct {
	open   openOptions
	a, b   string
	format output.Format
}

func newImageDiff(s term.Streams) *cobra.Command {
	var o imageDiffOptions
	cmd := &cobra.Command{
		Use:   "diff <a> <b>",
		Short: "Compare two images: configuration, files and layers",
		Long: `Compare what a container of either image would be started with and see, whatever the
layers are: exit 0 if it is the same, 4 if not. The layers are compared by their content:
how they are compressed makes no difference. Of secrets it is only said that they differ.

` + whereImages + `

Images for several platforms are compared platform by platform.`,
		Example: `  otlpctl image diff otlpctl:1.0 otlpctl:1.1
  otlpctl image diff oci:build-1 oci:build-2 --platform linux/arm64
  otlpctl image diff otlpctl:1.0 otlpctl:1.1 -o json | jq -r '.platforms[].files[].path'`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 {
				return nil
			}
			return usageError(cmd, fmt.Errorf("%s takes two images, got %d", cmd.CommandPath(), len(args)))
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.a, o.b = args[0], args[1]
			if err := o.open.check(cmd); err != nil {
				return err
			}
			return runImageDiff(cmd.Context(), s, o)
		},
		ValidArgsFunction: completeFiles(2),
	}
	o.open.flags(cmd)
	formatFlag(cmd, &o.format)
	return cmd
}

func runImageDiff(ctx context.Context, s term.Streams, o imageDiffOptions) error {
	found, err := compareImages(ctx, o)
	if err != nil {
		return err
	}
	if o.format == output.Table {
		err = printComparison(s.Out, found)
	} else {
		err = o.format.Write(s.Out, found, nil)
	}
	if err != nil {
		return err
	}
	if !found.Same {
		return errDifferences()
	}
	_, err = fmt.Fprintf(s.Err, "%s and %s are the same\n", o.a, o.b)
	return err
}

func compareImages(ctx context.Context, o imageDiffOptions) (found inspect.Comparison, err error) {
	a, closeA, err := o.open.open(ctx, o.a)
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, closeA.Close()) }()
	b, closeB, err := o.open.open(ctx, o.b)
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, closeB.Close()) }()
	return inspect.Compare(o.a, a, o.b, b)
}
