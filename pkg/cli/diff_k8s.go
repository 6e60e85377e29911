package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/term"
)

func newDiffK8s(s term.Streams) *cobra.Command {
	var o planK8sOptions
	cmd := &cobra.Command{
		Use:   "k8s",
		Short: "Show what deploy k8s would change",
		Long: `Show, field by field, what "otlpctl deploy k8s" with the same flags would change: exit 0 if
nothing, 4 if anything. The API server itself says what would come of each object, so that
defaults and what others have set are no differences. Values in Secrets are not shown.`,
		Example: `  otlpctl diff k8s --config otel.yaml --image registry.example.com/otlp-receiver:1.3.0
  otlpctl diff k8s --config otel.yaml -o json | jq -r '.objects[].differences[].path'`,
		Args: noArguments,
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			o.scaled = cmd.Flags().Changed("replicas")
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, plan, err := o.plan(cmd.Context(), s)
			if err != nil {
				return err
			}
			return showK8sPlan(s, o.format, plan, true, true)
		},
	}
	planK8sFlags(cmd, &o)
	return explained(cmd, s, func(context.Context) (*kubectl, error) { return explainDiff(&o) })
}
