package cli

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/kube"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// revisedOptions are the flags of commands that apply a revision which the cluster has: as it was, or changed.
type revisedOptions struct {
	targetOptions
	waitOptions
	deploy deployK8sOptions
}

func revisedFlags(cmd *cobra.Command, o *revisedOptions) {
	targetFlags(cmd, &o.targetOptions)
	waitFlags(cmd, &o.waitOptions)
	f, d := cmd.Flags(), &o.deploy
	f.BoolVar(&d.options.Force, "force-conflicts", false, "take over fields that others have set to another value")
	f.StringArrayVar(&d.options.Recreate, "recreate", nil, "`Kind/name` of an object to delete and make anew if it cannot be changed; can be repeated")
	f.BoolVar(&d.dryRun, "dry-run", false, "show what would change, and change nothing")
	f.BoolVar(&d.exitCode, "exit-code", false, "with --dry-run: exit 4 if anything would change")
	f.BoolVar(&d.diff, "diff", false, "show the fields that change")
	f.BoolVar(&d.yes, "yes", false, "do not ask before objects are deleted")
	formatFlag(cmd, &d.format)
}

// check finds flags that are wrong or contradict each other.
func (o *revisedOptions) check(cmd *cobra.Command) error {
	if o.deploy.exitCode && !o.deploy.dryRun {
		return usageError(cmd, errors.New("--exit-code goes with --dry-run only"))
	}
	err := o.waitOptions.check(cmd)
	o.deploy.wait, o.deploy.timeout = o.wait, o.timeout
	return err
}

// planOf looks at the cluster, and asks it what applying a set would do.
func (o *revisedOptions) planOf(ctx context.Context, s term.Streams, c *kube.Client, set kube.Set) (*kube.Plan, error) {
	if err := o.deploy.options.Check(set); err != nil {
		return nil, coded{err, exitUsage}
	}
	return planK8s(ctx, s, c, set, o.deploy.options)
}

// carryOut shows a plan, and does what it says unless that is all that was asked for.
func (o *revisedOptions) carryOut(ctx context.Context, cmd *cobra.Command, s term.Streams, c *kube.Client, plan *kube.Plan) error {
	if o.deploy.dryRun {
		return showK8sPlan(s, o.deploy.format, plan, o.deploy.diff, o.deploy.exitCode)
	}
	if err := plan.RefusePaused(); err != nil && !o.deploy.resume {
		return nothingDone(s, o.deploy.format, plan.Target, err)
	}
	if err := printK8sPlan(s, plan, o.deploy.diff); err != nil {
		return err
	}
	if err := o.deploy.confirm(ctx, cmd, s, plan); err != nil {
		return err
	}
	r := rolloutK8s{streams: s, client: c, options: o.deploy, began: time.Now()}
	return r.run(ctx, plan)
}
