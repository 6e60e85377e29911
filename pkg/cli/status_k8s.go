package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/kube/ready"
	"github.com/otlpctl/otlpctl/pkg/kube/watch"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

type statusK8sOptions struct {
	targetOptions
	wait    bool
	timeout time.Duration
	format  output.Format
}

func newStatusK8s(s term.Streams) *cobra.Command {
	var o statusK8sOptions
	cmd := &cobra.Command{
		Use:   "k8s",
		Short: "Show how the deployment in a Kubernetes cluster is",
		Long: `Show how the Deployment is, its pods, and what belongs to it: the Services with their endpoints, the
autoscaler, the disruption budget and volume claims. What is not ready says why. Exit 0 if all
pods are new and ready, have the configuration that was deployed, and can be reached; 3 if not.

With --wait it first waits for that, as "otlpctl deploy k8s" does, and shows how it goes. It stops
waiting as soon as that is of no use, with what the pod tells that is in the way.`,
		Example: `  otlpctl status k8s -n telemetry
  otlpctl status k8s --wait --timeout 2m
  otlpctl status k8s -o json | jq -r '.pods[] | select(.phase != "ready") | .name + ": " + .why'`,
		Args: noArguments,
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			if o.timeout <= 0 {
				return usageError(cmd, fmt.Errorf("--timeout %s: want more than 0", o.timeout))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return runStatusK8s(cmd.Context(), s, o) },
	}
	targetFlags(cmd, &o.targetOptions)
	cmd.Flags().BoolVar(&o.wait, "wait", false, "wait until it is ready")
	cmd.Flags().DurationVar(&o.timeout, "timeout", rolloutTimeout, "with --wait: how long")
	formatFlag(cmd, &o.format)
	return explained(cmd, s, func(context.Context) (*kubectl, error) { return explainStatus(&o) })
}

func runStatusK8s(ctx context.Context, s term.Streams, o statusK8sOptions) error {
	c, target, err := o.open()
	if err != nil {
		return err
	}
	if o.wait {
		err := waitForRollout(ctx, s, watch.Rollout{API: c, Namespace: target.Namespace, Name: target.Name}, o.timeout)
		if err != nil {
			return needs(target, err)
		}
	}
	status, err := watch.Look(ctx, c, target.Namespace, target.Name)
	if err != nil {
		return needs(target, err)
	}
	for _, unknown := range status.Unknown {
		_, _ = fmt.Fprintln(s.Err, s.Err.Paint(term.Warn, "warning:"), s.Err.Printable(unknown))
	}
	if err := o.format.Write(s.Out, status, func(r *output.Rows) { statusK8sRows(r, status, s.Out) }); err != nil {
		return err
	}
	if status.Phase != ready.Ready {
		return reported{coded{fmt.Errorf("%s is not ready", target), exitNotReady}}
	}
	return nil
}
