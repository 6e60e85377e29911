package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/kube"
	"github.com/otlpctl/otlpctl/pkg/manifest"
	"github.com/otlpctl/otlpctl/pkg/term"
)

type rolloutImageOptions struct {
	revisedOptions
	image string
}

func newRolloutImage(s term.Streams) *cobra.Command {
	var o rolloutImageOptions
	cmd := &cobra.Command{
		Use:   "image IMAGE",
		Short: "Roll out another image, and leave all else as it is",
		Long: `Apply what is deployed again, with another image of the receiver, in the same way as "otlpctl deploy
k8s": plan, apply, and wait until the pods are ready; exit 3 if they do not get there. The objects are
those of the latest revision, which the cluster has: no files are needed. It becomes a new revision,
and "otlpctl rollout undo" goes back. The number of pods stays as "otlpctl scale" has made it.

The configuration that you deploy from does not change: if it names another image, the next
"otlpctl deploy k8s" brings that back. Set deploy.image there, or give --image.`,
		Example: `  otlpctl rollout image registry.example.com/otlp-receiver:1.3.0 -n telemetry --atomic
  otlpctl rollout image registry.example.com/otlp-receiver:1.3.0 --dry-run --diff`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError(cmd, errors.New("the image is missing"))
			}
			return atMostOne(cmd, args)
		},
		PreRunE: func(cmd *cobra.Command, args []string) error {
			o.image = args[0]
			return o.check(cmd, s)
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return runRolloutImage(cmd.Context(), cmd, s, o) },
	}
	revisedFlags(cmd, &o.revisedOptions)
	cmd.Flags().BoolVar(&o.deploy.atomic, "atomic", false, "go back to the image before if the rollout fails")
	return explained(cmd, s, func(context.Context) (*kubectl, error) { return explainImage(&o) })
}

// check finds what is wrong on the command line, and says what should not stay that way.
func (o *rolloutImageOptions) check(cmd *cobra.Command, s term.Streams) error {
	doubt, err := manifest.CheckImage(o.image)
	if err != nil {
		return usageError(cmd, err)
	}
	if err := o.revisedOptions.check(cmd); err != nil {
		return err
	}
	if o.deploy.atomic && !o.wait {
		return usageError(cmd, errors.New("--atomic needs to wait for the pods"))
	}
	if doubt != "" {
		printK8sWarnings(s, []string{doubt})
	}
	o.deploy.options.KeepScale = true
	return nil
}

func runRolloutImage(ctx context.Context, cmd *cobra.Command, s term.Streams, o rolloutImageOptions) error {
	c, target, err := o.open()
	if err != nil {
		return err
	}
	plan, err := o.plan(ctx, s, c, target)
	if err != nil {
		return nothingDone(s, o.deploy.format, target, err)
	}
	unchanged := o.deploy.dryRun || !plan.IsNew()
	if err := o.carryOut(ctx, cmd, s, c, plan); err != nil || unchanged {
		return err
	}
	o.sayNext(s)
	return nil
}

// plan returns what it would do to give the latest revision the image.
func (o *rolloutImageOptions) plan(ctx context.Context, s term.Streams, c *kube.Client, t kube.Target) (*kube.Plan, error) {
	h, err := c.History(ctx, t)
	if err != nil {
		return nil, err
	}
	revision, err := h.Complete()
	if err != nil {
		return nil, err
	}
	if h.Unfinished {
		printK8sWarnings(s, []string{fmt.Sprintf("a deployment after revision %d was cut off, or goes on: the image goes into revision %d, and what was begun is undone", h.Current, revision.Number)})
	}
	set, err := revision.WithImage(t, o.image)
	if err != nil {
		return nil, err
	}
	plan, err := o.planOf(ctx, s, c, set)
	if err != nil {
		return nil, err
	}
	return plan, checkImage(ctx, s, c, plan, false)
}

// sayNext says what the next deployment does to the image: as the configuration has it, if one was given.
func (o *rolloutImageOptions) sayNext(s term.Streams) {
	const keeps = "set deploy.image to this one to keep it"
	if !o.config.given() {
		printNote(s, `the next "otlpctl deploy k8s" brings the image of its configuration back: `+keeps)
		return
	}
	loaded, err := config.LoadPortable(config.ProcessSources(o.config.files, o.config.set))
	if err == nil && loaded.Deploy.Image != o.image {
		printNote(s, fmt.Sprintf("the configuration says %s, which the next deployment brings back: %s", loaded.Deploy.Image, keeps))
	}
}

// printNote says what is worth knowing beside the result.
func printNote(s term.Streams, text string) {
	_, _ = fmt.Fprintln(s.Err, s.Err.Paint(term.Hint, "note:"), s.Err.Printable(text))
}
