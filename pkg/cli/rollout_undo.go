package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/kube"
	"github.com/otlpctl/otlpctl/pkg/term"
)

type rolloutUndoOptions struct {
	revisedOptions
	to int
}

func newRolloutUndo(s term.Streams) *cobra.Command {
	var o rolloutUndoOptions
	cmd := &cobra.Command{
		Use:   "undo",
		Short: "Go back to an earlier revision: image, configuration and all else",
		Long: `Apply the objects of an earlier revision again, in the same way as "otlpctl deploy k8s": plan, apply,
delete what was not there then, and wait until the pods are ready; exit 3 if they do not get there.
Without --to-revision it is the latest one before that was something else, and that neither --atomic
nor a gate has given up. What is applied becomes a new revision, so that an undo can be undone. A
rollout that is paused is refused, as nothing would come of it: with --resume it goes on once the
earlier revision is applied, straight to that.

The data of Secrets is in no revision. Those that otlpctl has made are kept as long as a revision
needs them; one that is gone is an error, and what is in one of yours stays as it is now.`,
		Example: `  otlpctl rollout undo -n telemetry
  otlpctl rollout undo -n telemetry --to-revision 3 --dry-run --diff`,
		Args:    noArguments,
		PreRunE: func(cmd *cobra.Command, _ []string) error { return o.check(cmd) },
		RunE:    func(cmd *cobra.Command, _ []string) error { return runRolloutUndo(cmd.Context(), cmd, s, o) },
	}
	revisedFlags(cmd, &o.revisedOptions)
	cmd.Flags().BoolVar(&o.deploy.resume, "resume", false, "if the rollout is paused, let it go on once the earlier revision is applied")
	revisionFlag(cmd, &o.targetOptions, &o.to, "to-revision", "`number` of the revision to go back to (default the one before)")
	return explained(cmd, s, func(ctx context.Context) (*kubectl, error) { return explainUndo(ctx, &o) })
}

// check finds flags that are wrong or contradict each other.
func (o *rolloutUndoOptions) check(cmd *cobra.Command) error {
	if err := checkRevision("to-revision", o.to); err != nil {
		return usageError(cmd, err)
	}
	return o.revisedOptions.check(cmd)
}

func runRolloutUndo(ctx context.Context, cmd *cobra.Command, s term.Streams, o rolloutUndoOptions) error {
	c, target, err := o.open()
	if err != nil {
		return err
	}
	plan, err := o.plan(ctx, s, c, target)
	if err != nil {
		return nothingDone(s, o.deploy.format, target, err)
	}
	return o.carryOut(ctx, cmd, s, c, plan)
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
		_, _ = fmt.Fprintln(s.Err, s.Err.Paint(term.Warn, "warning:"), s.Err.Printable(refNames(left)+": no revision has the data, which stays as it is now"))
	}
	return revision, nil
}

// plan returns what applying the revision to go back to would do.
func (o rolloutUndoOptions) plan(ctx context.Context, s term.Streams, c *kube.Client, t kube.Target) (*kube.Plan, error) {
	revision, err := o.find(ctx, s, c, t)
	if err != nil {
		return nil, err
	}
	plan, err := o.planOf(ctx, s, c, revision.Set(t))
	if err == nil {
		checkFormerImage(ctx, s, c, plan, revision)
	}
	return plan, err
}
