package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// hold pauses the Deployment if the change is the one that would replace its pods.
func (e *execution) hold(ctx context.Context, change Change) error {
	if !e.plan.options.Hold || !e.plan.IsNew() || !e.plan.steps(change) {
		return nil
	}
	e.done.Held = true // even if it is not known whether the request has come through
	_, err := e.Pause(ctx, e.plan.Target, true)
	return err
}

// steps reports whether a change has the Deployment replace pods step by step.
func (p *Plan) steps(change Change) bool {
	if !change.same(p.deployment()) || change.Action != Configured || change.Recreated || !change.makesPods() {
		return false
	}
	strategy, _, _ := unstructured.NestedString(change.then.Object, "spec", "strategy", "type")
	return strategy != "Recreate"
}

// makesPods reports whether what pods are made of is another thing after a change, and there are to be any.
func (c Change) makesPods() bool {
	count, set := replicas(c.then)
	if !set && c.now != nil {
		count, set = replicas(c.now)
	}
	if set && count == 0 {
		return false
	}
	return c.Action == Created || c.Recreated ||
		slices.ContainsFunc(c.Differences, func(d Difference) bool { return strings.HasPrefix(d.Path, "spec.template") })
}

// ReplacesPods reports whether the plan makes pods, in the place of others or for the first time.
func (p *Plan) ReplacesPods() bool {
	return slices.ContainsFunc(p.Changes, func(c Change) bool { return c.same(p.deployment()) && c.makesPods() })
}

// ChangesPods reports whether pods that stay read another configuration after the plan.
func (p *Plan) ChangesPods() bool {
	isHash := func(d Difference) bool { return d.Path == "metadata.annotations["+hashAnnotation+"]" }
	return p.set.LiveHash() != "" && slices.ContainsFunc(p.Changes, func(c Change) bool {
		return c.same(p.deployment()) && slices.ContainsFunc(c.Differences, isHash)
	})
}

// RefuseGate returns an error if a gate could not steer what the plan does, or not undo it: if the Deployment is
// paused, or if somebody else has made it and there is no revision to go back to.
func (p *Plan) RefuseGate() error {
	for _, c := range p.Changes {
		switch {
		case !c.same(p.deployment()) || c.now == nil:
		case isPaused(c.now):
			return pausedError(p.Target)
		case p.Revision == 0 && c.makesPods():
			return hinted.New(
				fmt.Errorf("%s in %s is there, and no revision of it to go back to", c.Ref, p.Namespace),
				"deploy it once without a gate: that is the first revision",
			)
		}
	}
	return nil
}

// CheckProxy finds out whether pods may be asked through the API server.
func (c *Client) CheckProxy(ctx context.Context, t Target) error {
	proxy := permission{"get", schema.GroupResource{Resource: "pods/proxy"}, t.Namespace}
	allowed, err := c.may(ctx, proxy)
	if err == nil && !allowed {
		err = c.lacks(t, proxy.String())
	}
	return err
}
