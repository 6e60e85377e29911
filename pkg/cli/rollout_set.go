package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/kube"
	"github.com/otlpctl/otlpctl/pkg/kube/watch"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

type rolloutSetOptions struct {
	targetOptions
	waitOptions
	format output.Format
}

// steered is the document of rollout restart, pause and resume. The names of its fields are API.
type steered struct {
	kube.Target
	Action kube.Action `json:"action"`
	// Ready is whether the pods were ready in the end; null if nobody waited for them.
	Ready *bool  `json:"ready"`
	Error string `json:"error,omitempty"`
}

func newRolloutRestart(s term.Streams) *cobra.Command {
	var o rolloutSetOptions
	cmd := &cobra.Command{
		Use:   "restart",
		Short: "Replace all pods, as they are",
		Long: `Replace all pods, a few at a time as in any other rollout, and wait until the new ones are ready;
exit 3 if they do not get there. It makes no revision, and the next deployment changes nothing of it.`,
		Example: `  otlpctl rollout restart -n telemetry`,
		Args:    noArguments,
		PreRunE: func(cmd *cobra.Command, _ []string) error { return o.check(cmd) },
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), s, "restarted", func(ctx context.Context, c *kube.Client, t kube.Target) (bool, error) {
				return true, c.Restart(ctx, t)
			})
		},
	}
	targetFlags(cmd, &o.targetOptions)
	waitFlags(cmd, &o.waitOptions)
	formatFlag(cmd, &o.format)
	return explained(cmd, s, func(context.Context) (*kubectl, error) { return explainSteer(&o, "restart") })
}

func newRolloutPause(s term.Streams) *cobra.Command {
	var o rolloutSetOptions
	cmd := &cobra.Command{
		Use:   "pause",
		Short: "Stop replacing pods",
		Long: `Stop the rollout where it is. Pods that run stay, old ones and new ones, and the autoscaler still
decides on their number. What is deployed meanwhile waits for "otlpctl rollout resume". It can be
used while somebody else deploys.`,
		Example: `  otlpctl rollout pause -n telemetry`,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), s, "paused", func(ctx context.Context, c *kube.Client, t kube.Target) (bool, error) {
				return c.Pause(ctx, t, true)
			})
		},
	}
	targetFlags(cmd, &o.targetOptions)
	formatFlag(cmd, &o.format)
	return explained(cmd, s, func(context.Context) (*kubectl, error) { return explainSteer(&o, "pause") })
}

func newRolloutResume(s term.Streams) *cobra.Command {
	var o rolloutSetOptions
	cmd := &cobra.Command{
		Use:   "resume",
		Short: "Go on with a rollout that was paused",
		Long: `Go on with a rollout that was paused, by otlpctl or by somebody else, and wait until all pods are
new and ready; exit 3 if they do not get there.`,
		Example: `  otlpctl rollout resume -n telemetry`,
		Args:    noArguments,
		PreRunE: func(cmd *cobra.Command, _ []string) error { return o.check(cmd) },
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), s, "resumed", func(ctx context.Context, c *kube.Client, t kube.Target) (bool, error) {
				return c.Pause(ctx, t, false)
			})
		},
	}
	targetFlags(cmd, &o.targetOptions)
	waitFlags(cmd, &o.waitOptions)
	formatFlag(cmd, &o.format)
	return explained(cmd, s, func(context.Context) (*kubectl, error) { return explainSteer(&o, "resume") })
}

// run changes a deployment, waits if that is wanted, and prints what came of it. Done says what the change is.
func (o rolloutSetOptions) run(ctx context.Context, s term.Streams, done string, change func(context.Context, *kube.Client, kube.Target) (bool, error)) error {
	c, target, err := o.open()
	if err != nil {
		return err
	}
	changed, err := change(ctx, c, target)
	if err != nil {
		return err
	}
	result := steered{Target: target, Action: kube.Unchanged}
	if changed {
		result.Action = kube.Configured
	}
	if o.wait {
		err := waitForRollout(ctx, s, watch.Rollout{API: c, Namespace: target.Namespace, Name: target.Name}, o.timeout)
		result.Ready = new(err == nil)
		if err != nil {
			result.Error = err.Error()
			return partly(s, o.format, err, result)
		}
	}
	err = o.format.Write(s.Out, result, func(r *output.Rows) {
		r.Header("OBJECT", "ACTION")
		r.Add(fmt.Sprintf("deployment/%s", target.Name), string(result.Action))
	})
	_, printed := fmt.Fprintln(s.Err, result.sentence(done))
	return errors.Join(err, printed)
}

// sentence says what came of a change, and how to go on if that is not all.
func (r steered) sentence(done string) string {
	where := fmt.Sprintf("-n %s --name %s", r.Namespace, r.Name)
	text := r.String() + " is " + done
	if r.Action == kube.Unchanged {
		text = r.String() + " was " + done + " already"
		if done == "resumed" {
			text = r.String() + " was not paused"
		}
	}
	switch {
	case done == "paused":
		return text + ": otlpctl rollout resume " + where + " lets it go on"
	case r.Ready == nil:
		return text + ", and not waited for: otlpctl rollout status " + where + " waits"
	}
	return text + ", and is ready"
}
