package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/kube"
	"github.com/otlpctl/otlpctl/pkg/kube/gate"
)

// gateOptions say whether a new revision is judged by what its pods count, and how.
type gateOptions struct {
	on bool
	config.Gate
}

const gateFlag = "gate"

// readGate completes the options: what the flag does not say is in the section deploy of the configuration. A
// deployment with a gate is undone if it fails.
func (o *deployK8sOptions) readGate(cmd *cobra.Command) error {
	loaded, err := o.portable()
	if err != nil {
		return coded{err, exitUsage}
	}
	o.gate.Gate = loaded.Deploy.Gate
	if !cmd.Flags().Changed(gateFlag) {
		o.gate.on = o.gate.Enabled
	}
	if !o.gate.on {
		return nil
	}
	o.atomic, o.options.Hold = true, true
	if err := o.checkGate(); err != nil {
		return usageError(cmd, err)
	}
	if err := loaded.CheckGate(); err != nil {
		return coded{err, exitUsage}
	}
	return nil
}

// checkGate finds flags that leave a gate no time.
func (o *deployK8sOptions) checkGate() error {
	windows := 2 * o.gate.Window
	switch {
	case !o.wait:
		return errors.New("a gate needs to wait for the pods: leave out --no-wait, or --gate=false leaves out the gate")
	case o.timeout <= windows:
		return fmt.Errorf("--timeout %s: want more than %s, which is twice deploy.gate.window: the first new pods are watched for so long, and all of them",
			o.timeout, windows)
	}
	return nil
}

// checkGated finds what would keep a gate from judging what a plan brings, or from undoing it.
func (o *deployK8sOptions) checkGated(ctx context.Context, c *kube.Client, plan *kube.Plan) error {
	if !o.gate.on {
		return nil
	}
	if err := plan.RefuseGate(); err != nil && !o.dryRun {
		return err
	}
	if plan.IsNoop() {
		return nil
	}
	return c.CheckProxy(ctx, plan.Target)
}

// roll lets the pods of a plan come that has been applied.
func (r *rolloutK8s) roll(ctx context.Context, plan *kube.Plan) error {
	if r.options.resume {
		if err := r.letGo(ctx); err != nil {
			return err
		}
	}
	if !r.options.gate.on {
		return r.wait(ctx, plan.Set())
	}
	mode, skipped := gateMode(plan, r.result.Revision, r.paused)
	if skipped != "" {
		r.result.Gate = new(gate.Skip(skipped))
		r.say("no gate: " + skipped)
		return r.wait(ctx, plan.Set())
	}
	err := r.judge(ctx, plan.Set(), mode)
	if r.result.Ready == nil {
		r.result.Ready = new(false)
	}
	return err
}

// gateMode returns how the pods of a plan come, or why there are none to judge.
func gateMode(plan *kube.Plan, revision int, paused bool) (mode gate.Mode, skipped string) {
	switch {
	case plan.IsNoop():
		return 0, "nothing is new"
	case !plan.IsNew():
		return 0, fmt.Sprintf("what is deployed is revision %d again", revision)
	case paused:
		return gate.Stepwise, ""
	case plan.ReplacesPods():
		return gate.Whole, ""
	case plan.ChangesPods():
		return gate.Live, ""
	}
	return 0, "no pod is replaced"
}

// judge has a gate let the pods come. Its error has the exit code.
func (r *rolloutK8s) judge(ctx context.Context, set kube.Set, mode gate.Mode) error {
	limited, cancel := context.WithTimeout(ctx, r.options.timeout)
	defer cancel()
	shown := gateProgress{out: r.streams.Err}
	rollout := rolloutOf(r.client, set)
	g := gate.Gate{
		API: r.client, Namespace: set.Namespace, Name: set.Name, Mode: mode,
		Window: r.options.gate.Window, Bounds: boundsOf(r.options.gate.Gate),
		Pause: func(ctx context.Context, paused bool) error {
			_, err := r.client.Pause(ctx, set.Target, paused)
			return err
		},
		WaitFirst: func(ctx context.Context) error {
			first := rollout
			first.First = true
			return waitForRollout(ctx, r.streams, first, r.options.timeout)
		},
		Wait: func(ctx context.Context) error {
			err := waitForRollout(ctx, r.streams, rollout, r.options.timeout)
			r.result.Ready = new(err == nil)
			return err
		},
		Show: shown.show, Note: shown.note,
	}
	result, err := g.Run(limited)
	r.result.Gate, r.paused = &result, result.Paused
	_, failed := errors.AsType[*gate.FailedError](err)
	switch {
	case failed:
		showCounters(r.streams.Err, result.Counters)
		return coded{err, exitNotReady}
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil && !isCoded(err):
		return coded{hinted.New(errors.New("the gate has come to no verdict in time"), "--timeout gives it longer"), exitNotReady}
	}
	return err
}

func isCoded(err error) bool {
	_, ok := errors.AsType[coded](err)
	return ok
}

// boundsOf returns the bounds of a gate.
func boundsOf(c config.Gate) gate.Bounds {
	return gate.Bounds{
		MinItems: c.MinItems, MaxRefusedRatio: c.MaxRefusedRatio, MaxExportFailureRatio: c.MaxExportFailureRatio,
		MaxLostItems: c.MaxLostItems, MaxRestarts: c.MaxRestarts, MaxQueueFill: c.MaxQueueFill, MaxQueueAge: c.MaxQueueAge,
	}
}

// letGo lets a rollout go on that is paused, even if nobody wants to wait for it any longer.
func (r *rolloutK8s) letGo(ctx context.Context) error {
	if !r.paused {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), letGoTime)
	defer cancel()
	if _, err := r.client.Pause(ctx, r.result.Target, false); err != nil {
		return fmt.Errorf("let the rollout go on: %w", err)
	}
	r.paused = false
	if r.result.Gate != nil {
		r.result.Gate.Paused = false
	}
	return nil
}

// stopped says how to go on after a deployment that ended before its time.
func (r *rolloutK8s) stopped(ctx context.Context, err error) error {
	switch {
	case r.paused:
		where := fmt.Sprintf("-n %s --name %s", r.result.Namespace, r.result.Name)
		return hinted.New(err, "the rollout is paused, and the old pods go on: \"otlpctl rollout undo --resume "+where+
			"\" goes back, \"otlpctl rollout resume "+where+"\" goes on without a gate")
	case ctx.Err() != nil && r.result.Ready == nil:
		return hinted.New(err, "what is said above was begun: doing it again does the rest")
	case ctx.Err() != nil && r.result.Gate != nil && len(hints(err)) == 0:
		return hinted.New(err, "the new pods go on, and the gate has come to no verdict on all of them")
	}
	return err
}
