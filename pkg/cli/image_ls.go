package cli

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/engine"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

type imageLsOptions struct {
	format output.Format
}

func newImageLs(s term.Streams) *cobra.Command {
	var o imageLsOptions
	cmd := &cobra.Command{
		Use:   "ls",
		Short: "List the images of otlpctl on the container engine",
		Long: `List the images of otlpctl that the container engine has, the newest first: those that say
so in their labels, whatever their name, and those named otlpctl. The size is that of the
layers on the disk; images share layers. An image without a name is one whose name a newer
image has taken.`,
		Example: `  otlpctl image ls
  otlpctl image ls -o json | jq -r '.images[] | select(.tag == "") | .id' | xargs docker rmi`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return runImageLs(cmd.Context(), s, o) },
	}
	formatFlag(cmd, &o.format)
	return cmd
}

// imageList is the document of image ls. The names of its fields are API.
type imageList struct {
	Images []engine.ListedImage `json:"images"`
}

func runImageLs(ctx context.Context, s term.Streams, o imageLsOptions) (err error) {
	e, err := engine.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	images, err := e.Images(ctx)
	if err != nil {
		return err
	}
	now := time.Now()
	return o.format.Write(s.Out, imageList{images}, func(r *output.Rows) {
		if len(images) == 0 {
			return
		}
		r.Header("REPOSITORY", "TAG", "ID", "PLATFORM", "CREATED", "SIZE")
		for _, i := range images {
			r.Add(cmp.Or(i.Repository, "-"), cmp.Or(i.Tag, "-"), shortID(i.ID), i.Platform, ageText(s.Out, i.Created, now), sizeText(i.Size))
		}
	})
}

// shortID returns as much of an image's ID as engines show.
func shortID(id string) string {
	const shown = 12
	id = strings.TrimPrefix(id, "sha256:")
	return id[:min(len(id), shown)]
}

// ageText returns a time as an age for people, and in full for programs.
func ageText(out *term.Output, created, now time.Time) string {
	if !out.IsTerminal() {
		return created.Format(time.RFC3339)
	}
	const day = 24 * time.Hour
	switch age := now.Sub(created); {
	case age < time.Minute:
		return "now"
	case age < time.Hour:
		return counted(int(age/time.Minute), "minute") + " ago"
	case age < day:
		return counted(int(age/time.Hour), "hour") + " ago"
	case age < 365*day:
		return counted(int(age/day), "day") + " ago"
	}
	return created.Format(time.DateOnly)
}
