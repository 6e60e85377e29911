package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/kube"
	"github.com/otlpctl/otlpctl/pkg/term"
)

type rolloutUndoOptions struct {
	targetOptions
	waitOptions
	to     int
	deploy deployK8sOptions
}

func newRolloutUndo(s term.Streams) *cobra.Command {
	var o rolloutUndoOptions
	cmd := &cobra.Command{
		Use:   "undo",
		Short: "Go back to an earlier revision: image, configuration and all else",
		Long: `Apply the objects of an earlier revision again, in the same way as "otlpctl deploy k8s": plan, apply,
delete what was not there then, and wait until the pods are ready; exit 3 if they do not get there.
Without --to-revision it is the latest one before that was something else. What is applied becomes a
new revision, so that an undo can be undone.

The data of Secrets is in no revision. Those that otlpctl has made are kept as long as a revision
needs them; one that is gone is an error, and what is in one of yours stays as it is now.`,
		Example: `  otlpctl rollout undo -n telemetry
  otlpctl rollout undo -n telemetry --to-revision 3 --dry-run --diff`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(cmd); err != nil {
				return err
			}
			return runRolloutUndo(cmd.Context(), cmd, s, o)
		},
	}
	targetFlags(cmd, &o.targetOptions)
	revisionFlag(cmd, &o.targetOptions, &o.to, "to-revision", "`number` of the revision to go back to (default the one before)")
	waitFlags(cmd, &o.waitOptions)
	f, d := cmd.Flags(), &o.deploy
	f.BoolVar(&d.options.Force, "force-conflicts", false, "take over fields that others have set to another value")
	f.StringArrayVar(&d.options.Recreate, "recreate", nil, "`Kind/name` of an object to delete and make anew if it cannot be changed; can be repeated")
	f.BoolVar(&d.dryRun, "dry-run", false, "show what would change, and change nothing")
	f.BoolVar(&d.exitCode, "exit-code", false, "with --dry-run: exit 4 if anything would change")
	f.BoolVar(&d.diff, "diff", false, "show the fields that change")
	f.BoolVar(&d.yes, "yes", false, "do not ask before objects are deleted")
	formatFlag(cmd, &d.format)
	return cmd
}

// check finds flags that are wrong or contradict each other.
func (o *rolloutUndoOptions) check(cmd *cobra.Command) error {
	if err := checkRevision("to-revision", o.to); err != nil {
		return usageError(cmd, err)
	}
	if o.deploy.exitCode && !o.deploy.dryRun {
		return usageError(cmd, errors.New("--exit-code goes with --dry-run only"))
	}
	err := o.waitOptions.check(cmd)
	o.deploy.wait, o.deploy.timeout = o.wait, o.timeout
	return err
}

func runRolloutUndo(ctx context.Context, cmd *cobra.Command, s term.Streams, o rolloutUndoOptions) error {
	c, target, err := o.open()
	if err != nil {
		return err
	}
	revision, err := o.find(ctx, s, c, target)
	if err != nil {
		return err
	}
	plan, err := o.plan(ctx, s, c, revision.Set(target))
	if err != nil {
		return err
	}
	if o.deploy.dryRun {
		return showK8sPlan(s, o.deploy.format, plan, o.deploy.diff, o.deploy.exitCode)
	}
	if err := plan.RefusePaused(); err != nil {
		return err
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

// find returns the revision to go back to, and says what that does not bring back.
func (o rolloutUndoOptions) find(ctx context.Context, s term.Streams, c *kube.Client, t kube.Target) (kube.Revision, error) {
	h, err := c.History(ctx, t)
	if err != nil {
		return kube.Revision{}, err
	}
	revision, err := h.Previous()
	if o.to != 0 {
		revision, err = h.Find(o.to)
	}
	if err != nil {
		return revision, err
	}
	_, _ = fmt.Fprintln(s.Err, s.Err.Printable(fmt.Sprintf("revision %d: %s, configuration %s, deployed by %s at %s",
		revision.Number, revision.Image, revision.ConfigHash, revision.User, revision.Time.Format(time.RFC3339))))
	if left := h.Unrestored(revision); len(left) > 0 {
		_, _ = fmt.Fprintln(s.Err, s.Err.Paint(term.Warn, "warning:"), refNames(left)+": no revision has the data, which stays as it is now")
	}
	return revision, nil
}

// plan looks at the cluster, and asks it what applying the revision would do.
func (o rolloutUndoOptions) plan(ctx context.Context, s term.Streams, c *kube.Client, set kube.Set) (*kube.Plan, error) {
	if err := o.deploy.options.Check(set); err != nil {
		return nil, coded{err, exitUsage}
	}
	warnings, err := c.Check(ctx, set)
	for _, warning := range warnings {
		_, _ = fmt.Fprintln(s.Err, s.Err.Paint(term.Warn, "warning:"), warning)
	}
	if err != nil {
		return nil, err
	}
	return c.Plan(ctx, set, o.deploy.options)
}
