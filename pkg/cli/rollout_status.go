package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/kube"
	"github.com/otlpctl/otlpctl/pkg/kube/ready"
	"github.com/otlpctl/otlpctl/pkg/kube/watch"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

type rolloutStatusOptions struct {
	targetOptions
	waitOptions
	format output.Format
}

func newRolloutStatus(s term.Streams) *cobra.Command {
	var o rolloutStatusOptions
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Wait for the rollout that goes on, and say what came of it",
		Long: `Wait until all pods are new and ready, as "otlpctl deploy k8s" does, and show how they get there. It
ends as soon as waiting is of no use, with what the pod tells that is in the way. With --no-wait
it says how the rollout is now. Exit 0 if it is done, 3 if not.

"otlpctl status k8s" shows the pods, and what else belongs to the deployment.`,
		Example: `  otlpctl rollout status -n telemetry --timeout 2m
  otlpctl rollout status --no-wait -o json | jq -r .phase`,
		Args:    noArguments,
		PreRunE: func(cmd *cobra.Command, _ []string) error { return o.check(cmd) },
		RunE:    func(cmd *cobra.Command, _ []string) error { return runRolloutStatus(cmd.Context(), s, o) },
	}
	targetFlags(cmd, &o.targetOptions)
	waitFlags(cmd, &o.waitOptions)
	formatFlag(cmd, &o.format)
	return explained(cmd, s, func(context.Context) (*kubectl, error) { return explainRolloutStatus(&o) })
}

// rolloutState is the document of rollout status. The names of its fields are API.
type rolloutState struct {
	kube.Target
	// Revision is the one that was applied last; 0 is none by otlpctl.
	Revision   int    `json:"revision"`
	Image      string `json:"image"`
	ConfigHash string `json:"config_hash"`
	ready.State

	Replicas watch.Replicas `json:"replicas"`
}

func runRolloutStatus(ctx context.Context, s term.Streams, o rolloutStatusOptions) error {
	c, target, err := o.open()
	if err != nil {
		return err
	}
	if o.wait {
		if err := waitForRollout(ctx, s, watch.Rollout{API: c, Namespace: target.Namespace, Name: target.Name}, o.timeout); err != nil {
			return needs(target, err)
		}
	}
	state, err := stateOf(ctx, c, target)
	if err != nil {
		return err
	}
	if err := o.format.Write(s.Out, state, func(r *output.Rows) { stateRows(r, state) }); err != nil {
		return err
	}
	if state.Phase != ready.Ready {
		return reported{coded{fmt.Errorf("%s is not ready", target), exitNotReady}}
	}
	return nil
}

func stateOf(ctx context.Context, c *kube.Client, t kube.Target) (rolloutState, error) {
	status, err := watch.Look(ctx, c, t.Namespace, t.Name)
	if err != nil {
		return rolloutState{}, needs(t, err)
	}
	number, err := c.Revision(ctx, t)
	return rolloutState{t, number, status.Image, status.ConfigHash, status.State, status.Replicas}, err
}

func stateRows(r *output.Rows, state rolloutState) {
	r.Header("DEPLOYMENT", "REVISION", "STATE", "IMAGE", "CONFIG", "DETAIL")
	r.Add(state.Name, fmt.Sprint(state.Revision), string(state.Phase), state.Image, state.ConfigHash, state.Why)
}
