// Package gate judges a new revision by what its pods count themselves: it reads their /status through the API
// server, compares it with bounds and with the old pods, and says whether the rollout may go on. What the
// verdict leads to is for others.
package gate

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/otlpctl/otlpctl/pkg/kube/watch"
)

// Mode is how new pods come.
type Mode int

// The modes.
const (
	// Stepwise begins with a Deployment that is paused and whose pods are still the old ones. The first new ones
	// are let come and judged before the others.
	Stepwise Mode = iota
	// Whole judges all pods once they are there: there were none before, or none are left.
	Whole
	// Live judges pods that stay, once they have read their configuration again.
	Live
)

// Gate is a rollout that is judged.
type Gate struct {
	API             watch.API
	Namespace, Name string
	Mode            Mode
	// Window is how long new pods have to stay within the bounds while they are ready.
	Window time.Duration
	Bounds Bounds

	// Pause stops the rollout, or lets it go on.
	Pause func(ctx context.Context, paused bool) error
	// WaitFirst waits until those new pods are ready that there are, Wait until all are.
	WaitFirst, Wait func(context.Context) error
	// Show is told how a window goes on. Note is told what else is worth knowing.
	Show func(Step)
	Note func(string)
}

// Step is news of a window.
type Step struct {
	Text string
	// Verdict is empty while the window goes on.
	Verdict Verdict
	Took    time.Duration
}

// stopTime bounds the request that pauses a rollout which nobody is going to watch.
const stopTime = 10 * time.Second

// Run lets the rollout come about and judges it. A *FailedError says that the new pods are out of bounds;
// other errors, that there is no verdict. The result is complete as far as it goes.
func (g Gate) Run(ctx context.Context) (Result, error) {
	w := &watcher{Gate: g, paused: g.Mode == Stepwise}
	err := w.run(ctx)
	return w.result(err), err
}

func (w *watcher) run(ctx context.Context) error {
	w.look(ctx) // what the pods have counted before is none of the new revision's doing
	if w.Mode == Stepwise {
		if err := w.first(ctx); err != nil {
			return err
		}
	}
	if err := w.rest(ctx); err != nil {
		return err
	}
	if w.Mode == Live {
		w.renew()
	}
	return w.window(ctx)
}

// first lets the first new pods come, judges them, and then lets the others come.
func (w *watcher) first(ctx context.Context) error {
	if err := w.step(ctx); err != nil {
		return err
	}
	if err := w.WaitFirst(ctx); err != nil {
		return err
	}
	if err := w.window(ctx); err != nil {
		return err
	}
	return w.pause(ctx, false)
}

// step lets the cluster make the first new pods, and no more: it goes on only when those are available, which takes
// longer than to stop it. However step ends, the rollout is paused.
func (w *watcher) step(ctx context.Context) error {
	if err := w.pause(ctx, false); err != nil {
		return err
	}
	err := w.begun(ctx)
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	return errors.Join(err, w.pause(stopping, true))
}

// begun waits until the cluster has begun with the new revision.
func (w *watcher) begun(ctx context.Context) error {
	const every = 50 * time.Millisecond
	for {
		begun, err := watch.HasBegun(ctx, w.API, w.Namespace, w.Name)
		if err != nil || begun {
			return err
		}
		if err := sleep(ctx, every); err != nil {
			return err
		}
	}
}

func (w *watcher) pause(ctx context.Context, paused bool) error {
	err := w.Pause(ctx, paused)
	if err == nil {
		w.paused = paused
	}
	return err
}

// rest waits for all new pods, and judges them meanwhile by what cannot improve.
func (w *watcher) rest(ctx context.Context) error {
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	var failed error
	var beside sync.WaitGroup
	beside.Go(func() {
		failed = w.beside(waiting)
		if failed != nil {
			stop()
		}
	})
	err := w.Wait(waiting)
	stop()
	beside.Wait()
	if failed != nil {
		return failed
	}
	return err
}

// beside watches until ctx ends, or a pod is out of bounds.
func (w *watcher) beside(ctx context.Context) error {
	for ctx.Err() == nil {
		w.look(ctx)
		if err := w.judge(false); err != nil && w.Mode != Live {
			return err
		}
		_ = sleep(ctx, w.every()) // cut short, it is the end
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
