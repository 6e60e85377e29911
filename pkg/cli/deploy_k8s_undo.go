package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/otlpctl/otlpctl/pkg/kube"
)

// undo brings the revision before back, or deletes what was installed for the first time. What failed
// stays the outcome.
func (r *rolloutK8s) undo(ctx context.Context, plan *kube.Plan, failed error) error {
	back, err := r.client.Undo(ctx, plan, r.say)
	if err != nil {
		return errors.Join(failed, fmt.Errorf("undo: %w", err))
	}
	if err := r.letGo(ctx); err != nil { // a paused rollout takes the revision, and then goes straight to it
		return errors.Join(failed, fmt.Errorf("undo: revision %d is applied again: %w", back.Of, err))
	}
	r.result.Execution, r.result.Undone = back.Execution, true
	if back.Of == 0 {
		return undone(failed, "what was installed is deleted again")
	}
	if err := waitK8s(ctx, r.streams, r.client, back.Set, r.options.timeout); err != nil {
		return errors.Join(failed, fmt.Errorf("undo: revision %d is applied again: %w", back.Of, err))
	}
	return undone(failed, fmt.Sprintf("revision %d is back", back.Of))
}

// undone says what was done about a failure, whose exit code stays. Its hints were about what is no more.
func undone(failed error, instead string) error {
	err := fmt.Errorf("%s since the deployment failed: %s", instead, failed) //nolint:errorlint // see above
	if c, ok := errors.AsType[coded](failed); ok {
		return coded{err, c.code}
	}
	return err
}
