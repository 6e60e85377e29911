package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/image"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

type imagePushOptions struct {
	open   openOptions
	source string
	refs   []string
	format output.Format
}

func newImagePush(s term.Streams) *cobra.Command {
	var o imagePushOptions
	cmd := &cobra.Command{
		Use:   "push <image> <reference>...",
		Short: "Push an image to registries",
		Long: `Push an image, for all its platforms and with its bills of materials, under one name or
several. Tags move when everything is there. What a registry has already is not sent again.

` + whereImages,
		Example: `  otlpctl image push oci:otlpctl-image registry.example.com/otlpctl:1.0 registry.example.com/otlpctl:latest

  # From the engine, under its digest afterwards
  otlpctl image push engine:otlpctl:latest localhost:5000/otlpctl:latest -o json | jq -r .digest`,
		Args: func(cmd *cobra.Command, args []string) (err error) {
			if len(args) < 2 {
				return usageError(cmd, fmt.Errorf("%s takes an image and where to push it", cmd.CommandPath()))
			}
			o.source = args[0]
			if o.refs, err = image.ParseTags(args[1:]); err != nil {
				return usageError(cmd, err)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.open.check(cmd); err != nil {
				return err
			}
			return runImagePush(cmd.Context(), s, o)
		},
		ValidArgsFunction: completeFiles(1),
	}
	o.open.flags(cmd)
	formatFlag(cmd, &o.format)
	return cmd
}

// pushedImage is the document of image push. The names of its fields are API.
type pushedImage struct {
	Source string `json:"source"`
	// References are the names that the image has now.
	References []string `json:"references"`
	// Digest is that of the manifest, or of the index if there are several platforms.
	Digest    string   `json:"digest"`
	Platforms []string `json:"platforms"`
}

func runImagePush(ctx context.Context, s term.Streams, o imagePushOptions) error {
	pushed, err := pushImage(ctx, s, o)
	if err != nil {
		return err
	}
	return o.format.Write(s.Out, pushed, func(r *output.Rows) {
		for _, ref := range pushed.References {
			r.Add(ref, pushed.Digest)
		}
	})
}

func pushImage(ctx context.Context, s term.Streams, o imagePushOptions) (pushed pushedImage, err error) {
	built, closer, err := o.open.open(ctx, o.source)
	if err != nil {
		return pushed, err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	built.Tags = o.refs
	progress := newBuildProgress(s)
	err = image.Put(ctx, built, image.Place{Kind: image.Registry}, image.PutOptions{Insecure: o.open.insecure, On: progress.show})
	progress.Close()
	if err != nil {
		return pushed, err
	}
	digest, err := built.Digest()
	if err != nil {
		return pushed, err
	}
	pushed = pushedImage{Source: o.source, References: o.refs, Digest: digest.String()}
	for _, v := range built.Variants {
		pushed.Platforms = append(pushed.Platforms, v.Platform.String())
	}
	return pushed, nil
}
