package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/kube"
)

// completionTime is how long somebody waits for the shell to complete a word.
const completionTime = 3 * time.Second

// offerNamespaces lets the shell complete -n with the namespaces of the cluster. Who may not list them gets none.
func offerNamespaces(cmd *cobra.Command, a *kube.Access) {
	complete := func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return namespacesOf(cmd.Context(), *a), cobra.ShellCompDirectiveNoFileComp
	}
	if err := cmd.RegisterFlagCompletionFunc("namespace", complete); err != nil {
		panic(err) // the flag does not exist
	}
}

func namespacesOf(ctx context.Context, a kube.Access) []string {
	ctx, cancel := context.WithTimeout(ctx, completionTime)
	defer cancel()
	c, err := kube.Open(a)
	if err != nil {
		return nil
	}
	names, err := c.Namespaces(ctx)
	if err != nil {
		return nil
	}
	return names
}
