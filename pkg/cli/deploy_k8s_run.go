package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/kube"
	"github.com/otlpctl/otlpctl/pkg/kube/gate"
	"github.com/otlpctl/otlpctl/pkg/kube/watch"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// deployedK8s is the document of deploy k8s. The names of its fields are API.
type deployedK8s struct {
	kube.Execution
	Image string `json:"image"`
	// ImageDigest is what the image was, as far as it is known.
	ImageDigest string `json:"image_digest,omitempty"`
	ConfigHash  string `json:"config_hash"`
	// Ready is whether the pods were ready in the end; null if nobody waited for them.
	Ready *bool `json:"ready"`
	// Gate is what a gate has found; null if there was to be none.
	Gate *gate.Result `json:"gate,omitempty"`
	// Undone says that the revision before is back, or nothing if there was none.
	Undone bool `json:"undone"`
	// Restored is the revision that rollout undo has applied again.
	Restored int     `json:"restored,omitempty"`
	Seconds  float64 `json:"seconds"`
	Error    string  `json:"error,omitempty"`
}

// rolloutK8s is one deployment.
type rolloutK8s struct {
	streams term.Streams
	client  *kube.Client
	options deployK8sOptions
	began   time.Time
	result  deployedK8s
	// paused says that the rollout waits for somebody to let it go on.
	paused bool
}

// run applies a plan, waits, and prints what came of it.
func (r *rolloutK8s) run(ctx context.Context, plan *kube.Plan) error {
	set := plan.Set()
	r.result = deployedK8s{Execution: kube.Execution{Target: plan.Target, Changes: []kube.Change{}}, Image: set.Image(), ImageDigest: set.DigestOfImage(), ConfigHash: set.ConfigHash, Restored: set.Restores}
	err := r.client.Do(ctx, plan, r.say, func(ctx context.Context, done kube.Execution, failed error) error {
		r.result.Execution, r.paused = done, done.Held || r.options.resume
		if failed == nil {
			failed = r.roll(ctx, plan)
			failed = r.wayBack(plan, failed)
		}
		if failed == nil && r.result.Ready != nil {
			r.recordDigest(ctx, plan)
		}
		if failed != nil && r.options.atomic && plan.IsNew() && ctx.Err() == nil {
			return r.undo(ctx, plan, failed)
		}
		return failed
	})
	r.result.Seconds = time.Since(r.began).Round(time.Millisecond).Seconds()
	if err != nil {
		err = r.stopped(ctx, err)
		r.result.Error = err.Error()
		return partly(r.streams, r.options.format, err, r.result)
	}
	return r.report()
}

func (r *rolloutK8s) say(step string) { _, _ = fmt.Fprintln(r.streams.Err, step) }

// wait waits for the pods, if that is wanted.
func (r *rolloutK8s) wait(ctx context.Context, set kube.Set) error {
	if !r.options.wait {
		return nil
	}
	err := waitK8s(ctx, r.streams, r.client, set, r.options.timeout)
	r.result.Ready = new(err == nil)
	if err != nil && ctx.Err() == nil {
		return coded{err, exitNotReady}
	}
	return err
}

// wayBack says how to get back what was deployed before a revision that did not become ready.
func (r *rolloutK8s) wayBack(plan *kube.Plan, failed error) error {
	notReady, ok := errors.AsType[*watch.NotReadyError](failed)
	if !ok || notReady.Interrupted() || r.paused || r.options.atomic || !plan.IsNew() || plan.Revision == 0 {
		return failed
	}
	return hinted.New(failed, fmt.Sprintf("otlpctl rollout undo -n %s --name %s goes back to revision %d", plan.Namespace, plan.Name, plan.Revision))
}

// report prints the result, and one sentence about it.
func (r *rolloutK8s) report() error {
	err := r.options.format.Write(r.streams.Out, r.result, func(rows *output.Rows) { actionRows(rows, r.result.Changes) })
	state := "applied, and not waited for"
	if r.result.Ready != nil {
		state = "ready"
	}
	_, printed := fmt.Fprintf(r.streams.Err, "%s is %s: revision %d, %s (%.1fs)\n",
		r.result.Target, state, r.result.Revision, tally(r.result.Changes), r.result.Seconds)
	return errors.Join(err, printed)
}

// partly prints what was done before something failed: as a document if one was asked for, and
// otherwise for who watches.
func partly(s term.Streams, format output.Format, err error, result any) error {
	if format == output.Table {
		return err
	}
	return errors.Join(err, format.Write(s.Out, result, nil))
}
