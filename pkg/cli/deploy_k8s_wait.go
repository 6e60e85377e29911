package cli

import (
	"context"
	"time"

	"github.com/otlpctl/otlpctl/pkg/kube"
	"github.com/otlpctl/otlpctl/pkg/kube/watch"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// waitK8s waits until the pods of a set are ready, shows how far they have come, and what stands in
// their way.
func waitK8s(ctx context.Context, s term.Streams, c *kube.Client, set kube.Set, timeout time.Duration) error {
	return waitForRollout(ctx, s, rolloutOf(c, set), timeout)
}

// rolloutOf returns the rollout of a set.
func rolloutOf(c *kube.Client, set kube.Set) watch.Rollout {
	return watch.Rollout{API: c, Namespace: set.Namespace, Name: set.Name, ConfigHash: set.LiveHash()}
}
