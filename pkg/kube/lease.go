package kube

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

const (
	leaseTime  = 30 * time.Second // after which a lease that is not renewed is nobody's
	leaseRenew = 10 * time.Second
	// leaseAnswer bounds one renewal: the work must have ended before somebody else may begin.
	leaseAnswer = 5 * time.Second
	// releaseTime bounds the last request, after the context has ended.
	releaseTime = 5 * time.Second
)

// lease keeps others from deploying the same at the same time.
type lease struct {
	client *Client
	target Target
	holder string
	held   *unstructured.Unstructured
}

// Locked does work that nobody else does for the same target at that time. The lease is given back
// whatever happens; if it is lost, the context of the work ends.
func (c *Client) Locked(ctx context.Context, t Target, work func(ctx context.Context) error) (err error) {
	user, err := c.User(ctx)
	if err != nil {
		return err
	}
	host, _ := os.Hostname() // without it, the process alone has to do
	l := &lease{client: c, target: t, holder: fmt.Sprintf("%s on %s, process %d", user, host, os.Getpid())}
	if err := l.take(ctx); err != nil {
		return err
	}
	holding, cancel := context.WithCancelCause(ctx)
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		l.renew(holding, cancel)
	}()
	err = work(holding)
	if holding.Err() != nil && ctx.Err() == nil {
		err = errors.Join(context.Cause(holding), err)
	}
	cancel(nil)
	<-renewed
	return errors.Join(err, l.release(ctx))
}

// take gets the lease, from one who has let it expire if need be.
func (l *lease) take(ctx context.Context) error {
	now, err := l.client.read(ctx, l.target.lease())
	if err != nil {
		return err
	}
	ctx, cancel := l.client.limit(ctx)
	defer cancel()
	at := l.client.resource(l.target.lease())
	if now == nil {
		l.held, err = at.Create(ctx, l.object(l.client.clock.now()), metav1.CreateOptions{FieldManager: FieldManager})
	} else if left := leaseLeft(now, l.client.clock.now()); left > 0 {
		return l.taken(now, left)
	} else {
		next := l.object(l.client.clock.now())
		next.SetResourceVersion(now.GetResourceVersion())
		l.held, err = at.Update(ctx, next, metav1.UpdateOptions{FieldManager: FieldManager})
	}
	if apierrors.IsAlreadyExists(err) || apierrors.IsConflict(err) {
		return hinted.New(fmt.Errorf("%s is being deployed by somebody else since this moment", l.target), "try again when that has ended")
	}
	if err != nil {
		return fmt.Errorf("take %s: %w", l.target.lease(), l.client.Explain(err))
	}
	return nil
}

func (l *lease) taken(now *unstructured.Unstructured, left time.Duration) error {
	holder, _, _ := unstructured.NestedString(now.Object, "spec", "holderIdentity")
	since, _, _ := unstructured.NestedString(now.Object, "spec", "acquireTime")
	return hinted.New(
		fmt.Errorf("%s is being deployed by %s, since %s", l.target, holder, since),
		fmt.Sprintf("try again when that has ended; if the process is gone, in %s", left.Round(time.Second)),
	)
}

// object returns the lease as it is to be from now on.
func (l *lease) object(now time.Time) *unstructured.Unstructured {
	began := microTime(now)
	if l.held != nil {
		began, _, _ = unstructured.NestedString(l.held.Object, "spec", "acquireTime")
	}
	u := l.target.record(l.target.lease(), "lease")
	u.Object["spec"] = map[string]any{
		"holderIdentity": l.holder, "leaseDurationSeconds": int64(leaseTime / time.Second), "acquireTime": began, "renewTime": microTime(now),
	}
	return u
}

func microTime(t time.Time) string { return t.UTC().Format(metav1.RFC3339Micro) }

// leaseLeft returns how long a lease still holds; 0 or less is not at all.
func leaseLeft(u *unstructured.Unstructured, now time.Time) time.Duration {
	text, _, _ := unstructured.NestedString(u.Object, "spec", "renewTime")
	seconds, _, _ := unstructured.NestedInt64(u.Object, "spec", "leaseDurationSeconds")
	renewed, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0 // nobody ever renewed it
	}
	// A clock that is ahead of ours must not hold it for ever.
	return min(renewed.Add(time.Duration(seconds)*time.Second).Sub(now), leaseTime)
}

// renew renews the lease until the context ends. If somebody else has it, or it would expire before the next try, it
// ends the context.
func (l *lease) renew(ctx context.Context, lost context.CancelCauseFunc) {
	ticker := time.NewTicker(leaseRenew)
	defer ticker.Stop()
	renewed := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			next := l.object(l.client.clock.now())
			next.SetResourceVersion(l.held.GetResourceVersion())
			held, err := l.update(ctx, next)
			switch {
			case err == nil:
				l.held, renewed = held, now
			case apierrors.IsConflict(err), apierrors.IsNotFound(err), time.Since(renewed) >= leaseTime-leaseRenew:
				lost(fmt.Errorf("%s was lost: %w", l.target.lease(), l.client.Explain(err)))
				return
			}
		}
	}
}

func (l *lease) update(ctx context.Context, next *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	ctx, cancel := context.WithTimeout(ctx, leaseAnswer)
	defer cancel()
	at := l.client.resource(l.target.lease())
	held, err := at.Update(ctx, next, metav1.UpdateOptions{FieldManager: FieldManager})
	if apierrors.IsConflict(err) && l.isStillOurs(ctx) {
		next.SetResourceVersion(l.held.GetResourceVersion())
		return at.Update(ctx, next, metav1.UpdateOptions{FieldManager: FieldManager})
	}
	return held, err
}

// isStillOurs reads the lease again, which has changed since it was seen, and reports whether it was not taken by
// somebody else: the answer to a renewal may have been lost.
func (l *lease) isStillOurs(ctx context.Context) bool {
	now, err := l.client.read(ctx, l.target.lease())
	if err != nil || now == nil || now.GetUID() != l.held.GetUID() {
		return false
	}
	for _, field := range []string{"holderIdentity", "acquireTime"} {
		was, _, _ := unstructured.NestedString(l.held.Object, "spec", field)
		if is, _, _ := unstructured.NestedString(now.Object, "spec", field); is != was {
			return false
		}
	}
	l.held = now
	return true
}

// release deletes the lease, also when ctx has ended. Somebody else's stays.
func (l *lease) release(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
	defer cancel()
	err := l.delete(ctx)
	if apierrors.IsConflict(err) && l.isStillOurs(ctx) {
		err = l.delete(ctx)
	}
	if err == nil || apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return fmt.Errorf("give %s back, which expires in %s: %w", l.target.lease(), leaseTime, l.client.Explain(err))
}

// delete deletes the lease unless it has changed since it was seen.
func (l *lease) delete(ctx context.Context) error {
	r := l.target.lease()
	return l.client.resource(r).Delete(ctx, r.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{
		UID: new(l.held.GetUID()), ResourceVersion: new(l.held.GetResourceVersion()),
	}})
}
