package cli

import (
	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/term"
)

func newImage(s term.Streams) *cobra.Command {
	return group("image", "Build, look into and move container images",
		newImageBuild(s),
		newImageInspect(s),
		newImageDiff(s),
		newImageLs(s),
		newImageLoad(s),
		newImagePush(s),
	)
}
