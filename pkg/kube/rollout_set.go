package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// rolloutManager sets what no deployment does, so that the next one leaves it alone.
const rolloutManager = "otlpctl-rollout"

// restartedAt is the annotation of pods that makes new ones of them.
const restartedAt = "otlpctl.io/restarted-at"

// Restart has all pods of a deployment replaced, as they are. A paused one would not begin, and is an error.
func (c *Client) Restart(ctx context.Context, t Target) error {
	now, err := c.isPaused(ctx, t)
	switch {
	case err != nil:
		return err
	case now:
		return pausedError(t)
	}
	return c.patchDeployment(ctx, t, map[string]any{"template": map[string]any{"metadata": map[string]any{
		"annotations": map[string]any{restartedAt: time.Now().UTC().Format(time.RFC3339Nano)},
	}}})
}

// Pause keeps a deployment from replacing pods, or lets it do so again. It reports whether that is new.
func (c *Client) Pause(ctx context.Context, t Target, paused bool) (changed bool, err error) {
	now, err := c.isPaused(ctx, t)
	if err != nil || now == paused {
		return false, err
	}
	var value any // null takes the field away, whoever has set it
	if paused {
		value = true
	}
	return true, c.patchDeployment(ctx, t, map[string]any{"paused": value})
}

func (c *Client) isPaused(ctx context.Context, t Target) (bool, error) {
	now, err := c.existing(ctx, t)
	return isPaused(now), err
}

func isPaused(deployment *unstructured.Unstructured) bool {
	if deployment == nil {
		return false
	}
	paused, _, _ := unstructured.NestedBool(deployment.Object, "spec", "paused")
	return paused
}

// RefusePaused returns an error if the deployment is paused: what the plan changes would wait for somebody
// to resume it.
func (p *Plan) RefusePaused() error {
	for _, change := range p.Changes {
		if !p.IsNoop() && change.same(p.deployment()) && isPaused(change.now) {
			return pausedError(p.Target)
		}
	}
	return nil
}

func pausedError(t Target) error {
	return hinted.New(
		fmt.Errorf("%s in %s is paused", t.deployment(), t.Namespace),
		fmt.Sprintf("otlpctl rollout resume -n %s --name %s lets it go on, and otlpctl rollout undo --resume goes back", t.Namespace, t.Name),
	)
}

// patchDeployment sets fields of the specification of a Deployment, and leaves those that it does not name.
func (c *Client) patchDeployment(ctx context.Context, t Target, spec map[string]any) error {
	ctx, cancel := c.limit(ctx)
	defer cancel()
	body, err := json.Marshal(map[string]any{"spec": spec})
	if err != nil {
		return err
	}
	r := t.deployment()
	if _, err := c.resource(r).Patch(ctx, r.Name, types.MergePatchType, body, metav1.PatchOptions{FieldManager: rolloutManager}); err != nil {
		return fmt.Errorf("change %s: %w", r, c.Explain(err))
	}
	return nil
}
