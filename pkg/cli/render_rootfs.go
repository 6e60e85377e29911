package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/image/rootfs"
	"github.com/otlpctl/otlpctl/pkg/term"
)

func newRenderRootfs(s term.Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "rootfs <folder>",
		Short: "Write the files of the image besides the program",
		Long: `Write the files that an image made from scratch has besides the program and its
configuration into a new folder: certificate authorities, time zones, users, and the
folders /app, /data and /tmp. Their owners are set if root runs this.`,
		Example: `  otlpctl render rootfs /out/rootfs`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return nil
			}
			return usageError(cmd, fmt.Errorf("%s takes one folder, got %d", cmd.CommandPath(), len(args)))
		},
		RunE: func(_ *cobra.Command, args []string) error { return runRenderRootfs(s, args[0]) },
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
	}
}

func runRenderRootfs(s term.Streams, folder string) error {
	entries, err := rootfs.Entries(rootfs.Base{})
	if err != nil {
		return err
	}
	if err := rootfs.Create(folder, entries); err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.Err, "wrote", len(entries), "files and folders to", folder)
	return err
}
