package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/kube"
	"github.com/otlpctl/otlpctl/pkg/kube/watch"
	"github.com/otlpctl/otlpctl/pkg/manifest"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

type scaleOptions struct {
	targetOptions
	waitOptions
	replicas int32
	least    int32
	most     int32
	request  kube.ScaleRequest
	format   output.Format
}

func newScale(s term.Streams) *cobra.Command {
	var o scaleOptions
	cmd := &cobra.Command{
		Use:   "scale [NUMBER]",
		Short: "Change how many pods there are in a Kubernetes cluster",
		Long: `Set the number of pods, and wait until that many are available and those that are too many are gone;
exit 3 if they do not get there. With an autoscaler the number is how many pods it keeps at least;
the most it may start is raised if it would be less, and never lowered unless --max says so. More
pods than that stay until the autoscaler finds that they are not needed.

No pod is replaced, and it makes no revision: the next deployment, or an undo, sets the number that
its configuration says, which its plan shows; "otlpctl rollout image" leaves it. What to set for the
number to last is said in the end.`,
		Example: `  otlpctl scale 5 -n telemetry
  otlpctl scale --replicas 5 -n telemetry
  otlpctl scale --min 5 --max 30`,
		Args:    atMostOne,
		PreRunE: o.check,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runScale(cmd.Context(), s, o) },
	}
	targetFlags(cmd, &o.targetOptions)
	waitFlags(cmd, &o.waitOptions)
	f := cmd.Flags()
	f.Int32Var(&o.replicas, "replicas", 0, "how many pods; with an autoscaler, how many at least")
	f.Int32Var(&o.least, "min", 0, "how many pods the autoscaler keeps at least")
	f.Int32Var(&o.most, "max", 0, "how many pods the autoscaler may start at most")
	f.BoolVar(&o.request.Force, "force-conflicts", false, "take over fields that others have set to another value")
	f.BoolVar(&o.request.DryRun, "dry-run", false, "show what would change, and change nothing")
	formatFlag(cmd, &o.format)
	return explained(cmd, s, func(ctx context.Context) (*kubectl, error) { return explainScale(ctx, &o) })
}

// check finds what is wrong on the command line, and makes the request of it.
func (o *scaleOptions) check(cmd *cobra.Command, args []string) error {
	given := func(flag string, value int32) *int64 {
		if !cmd.Flags().Changed(flag) {
			return nil
		}
		return new(int64(value))
	}
	r := &o.request
	r.Pods, r.Min, r.Max = given("replicas", o.replicas), given("min", o.least), given("max", o.most)
	if len(args) > 0 {
		n, err := strconv.ParseInt(args[0], 10, 32)
		if err != nil || n < 0 {
			return usageError(cmd, fmt.Errorf("%q is no number of pods", shown(cmd, args[0])))
		}
		if r.Pods != nil {
			return usageError(cmd, errors.New("the number of pods is given twice: leave --replicas out"))
		}
		r.Pods = &n
	}
	if err := checkScale(*r); err != nil {
		return usageError(cmd, err)
	}
	return o.waitOptions.check(cmd)
}

// checkScale finds numbers that are missing or contradict each other.
func checkScale(r kube.ScaleRequest) error {
	least := r.Pods
	if r.Min != nil {
		least = r.Min
	}
	switch {
	case r.Pods == nil && r.Min == nil && r.Max == nil:
		return errors.New("how many pods? Give a number, or --min and --max")
	case r.Pods != nil && *r.Pods < 0:
		return fmt.Errorf("--replicas %d: want 0 or more", *r.Pods)
	case r.Pods != nil && r.Min != nil:
		return errors.New("a number of pods and --min say the same: leave one of them out")
	case r.Min != nil && *r.Min < 1:
		return fmt.Errorf("--min %d: want 1 or more", *r.Min)
	case r.Max != nil && *r.Max < 1:
		return fmt.Errorf("--max %d: want 1 or more", *r.Max)
	case least != nil && r.Max != nil && *r.Max < *least:
		return fmt.Errorf("--max %d is less than %d", *r.Max, *least)
	}
	return nil
}

// scaled is the document of scale. The names of its fields are API.
type scaled struct {
	*kube.Scaling

	DryRun bool `json:"dry_run"`
	// Kept says whether the next deployment leaves the numbers; null is not known.
	Kept *bool `json:"kept"`
	// PutBack is what the next deployment sets them to.
	PutBack []setting `json:"put_back,omitempty"`
	// Ready is whether the pods were there in the end; null if nobody waited for them.
	Ready *bool  `json:"ready"`
	Error string `json:"error,omitempty"`
}

func runScale(ctx context.Context, s term.Streams, o scaleOptions) error {
	c, target, err := o.open()
	if err != nil {
		return err
	}
	next, err := o.next(ctx, c, target)
	if err != nil {
		return nothingDone(s, o.format, target, err)
	}
	scaling, err := c.Scale(ctx, target, o.request)
	if err != nil {
		return nothingDone(s, o.format, target, err)
	}
	result := scaled{Scaling: scaling, DryRun: o.request.DryRun}
	result.Kept, result.PutBack = next.judge(scaling.After)
	sayScaling(s, scaling)
	if o.wait && !o.request.DryRun {
		if scaling.Paused {
			printNote(s, fmt.Sprintf("%s is paused, and so it is not waited for", target))
		} else if err := o.waitForCount(ctx, s, c, &result); err != nil {
			return partly(s, o.format, err, result)
		}
	}
	next.say(s, result.PutBack)
	return o.format.Write(s.Out, result, func(r *output.Rows) { scalingRows(r, scaling) })
}

// waitForCount waits until the pods are there, and no more of them than there may be.
func (o *scaleOptions) waitForCount(ctx context.Context, s term.Streams, c *kube.Client, result *scaled) error {
	count := watch.Count{Least: pods(result.After.Least()), Most: pods(result.After.Most())}
	r := watch.Rollout{API: c, Namespace: result.Namespace, Name: result.Name, Count: &count}
	err := waitForRollout(ctx, s, r, o.timeout)
	result.Ready = new(err == nil)
	if err != nil {
		result.Error = err.Error()
	}
	return err
}

// pods returns a number as the cluster counts pods.
func pods(n int64) int32 { return int32(min(n, math.MaxInt32)) }

// sayScaling tells what comes of a request that a number alone does not say.
func sayScaling(s term.Streams, scaling *kube.Scaling) {
	if scaling.Raised {
		printNote(s, fmt.Sprintf("max_replicas is raised from %d to %d: the autoscaler may not keep more pods than it may start", *scaling.Before.Max, *scaling.After.Max))
	}
	if a := scaling.After; a.Min != nil && scaling.Current > a.Least() && scaling.Current <= a.Most() {
		printNote(s, fmt.Sprintf("%d pods are wanted now: they stay until the autoscaler lowers the number, to %d at least", scaling.Current, a.Least()))
	}
	if doubt := manifest.TooFew(int(scaling.After.Least())); doubt != "" {
		printK8sWarnings(s, []string{doubt})
	}
}

func scalingRows(r *output.Rows, s *kube.Scaling) {
	r.Header("OBJECT", "ACTION", "FIELD", "BEFORE", "AFTER")
	for _, f := range []struct {
		name          string
		before, after *int64
	}{
		{"replicas", s.Before.Replicas, s.After.Replicas},
		{"min_replicas", s.Before.Min, s.After.Min},
		{"max_replicas", s.Before.Max, s.After.Max},
	} {
		if f.before == nil || s.Action != kube.Unchanged && *f.before == *f.after {
			continue
		}
		r.Add(s.Object.String(), string(s.Action), f.name, strconv.FormatInt(*f.before, 10), strconv.FormatInt(*f.after, 10))
	}
}
