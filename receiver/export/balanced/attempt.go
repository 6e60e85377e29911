package balanced

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/otlpctl/otlpctl/receiver/balance"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

const (
	// tries is how many instances one attempt asks at most to take an item: more
	// would spread what is wrong with a batch over all of them.
	tries = 3
	// throttles is how many of them may ask to wait. One may be behind the others; two
	// say that many are, and that asking around makes it worse.
	throttles = 2
)

// attempt is what has become of one attempt so far.
type attempt struct {
	tried     []balance.Choice
	rounds    int   // of asking instances that have different parts, side by side
	throttled int   // times that an instance, or several side by side, have asked to wait
	err       error // of the last instance
}

// note takes the *RetryableError of an instance.
func (a *attempt) note(c balance.Choice, err *pipeline.RetryableError) {
	a.tried, a.err = append(a.tried, c), err.Err
}

// round ends a round of asking, and reports whether there is to be another one.
func (a *attempt) round(ctx context.Context, throttled bool) (another bool) {
	a.rounds++
	if throttled {
		a.throttled++
	}
	return ctx.Err() == nil && a.rounds < tries && a.throttled < throttles
}

// failure is the error of an attempt that is over. Only if every instance has asked to
// wait does the whole exporter, until the first of them takes requests again: the
// others need not suffer from a few that are busy, whom the balancer leaves out.
func (e *Exporter) failure(a *attempt) *pipeline.RetryableError {
	_, err := e.balancer.Locate(0, a.tried...)
	return e.deserted(a, err)
}

// deserted is the error of an attempt for which the balancer knows nobody else to ask,
// and says why.
func (e *Exporter) deserted(a *attempt, why error) *pipeline.RetryableError {
	if a.err == nil {
		return e.unavailable(why)
	}
	failed := &pipeline.RetryableError{Err: a.err}
	if n := len(a.tried); n > 1 {
		failed.Err = fmt.Errorf("%d instances did not take it, the last one: %w", n, a.err)
	}
	if busy, ok := errors.AsType[*balance.BusyError](why); ok {
		failed.After = busy.After
	}
	return failed
}

// exportWhole delivers b to the instance that the key belongs to, or another one.
func (e *Exporter) exportWhole(ctx context.Context, b *pipeline.Batch, key uint64) (pipeline.Partial, error) {
	var a attempt
	for {
		choice, err := e.balancer.Pick(key, a.tried...)
		if err != nil {
			return pipeline.Partial{}, e.deserted(&a, err)
		}
		if len(a.tried) > 0 {
			e.failovers.Add(1)
		}
		partial, err := e.sendTo(ctx, choice, b)
		retryable, ok := errors.AsType[*pipeline.RetryableError](err)
		if !ok {
			return partial, err
		}
		a.note(choice, retryable)
		if !a.round(ctx, retryable.After > 0) {
			return pipeline.Partial{}, e.failure(&a)
		}
	}
}

// sendTo sends b to an instance that has begun it, and tells the balancer how it went.
func (e *Exporter) sendTo(ctx context.Context, c balance.Choice, b *pipeline.Batch) (pipeline.Partial, error) {
	to := c.Instance()
	partial, err := e.deliver(ctx, to.Addr, b)
	if c.Done(outcomeOf(ctx, err)) {
		e.deps.Log.Warn("instance is left out for a time", "endpoint", e.deps.Name, "instance", to.ID, "address", to.Addr, "error", err)
	}
	if retryable, ok := errors.AsType[*pipeline.RetryableError](err); ok && retryable.After > 0 {
		c.SetAside(min(retryable.After, longestAside))
	}
	return partial, err
}

// longestAside bounds how long an instance can have itself left out.
const longestAside = time.Hour

func (e *Exporter) deliver(ctx context.Context, addr string, b *pipeline.Batch) (pipeline.Partial, error) {
	client, err := e.clients.enter(addr)
	defer func() {
		if err := e.clients.leave(ctx, client); err != nil {
			e.deps.Log.Warn("connection to an instance that is gone was not closed cleanly", "error", err)
		}
	}()
	if err != nil {
		// It worked when the configuration was checked, such as reading a certificate.
		return pipeline.Partial{}, &pipeline.RetryableError{Err: fmt.Errorf("export to %s: %w", addr, err)}
	}
	return client.exporter.Export(ctx, b)
}

// outcomeOf says what the result of a request tells of the instance.
func outcomeOf(ctx context.Context, err error) balance.Outcome {
	if err == nil {
		return balance.Worked
	}
	if _, refused := errors.AsType[*pipeline.RejectedError](err); refused {
		return balance.Worked
	}
	if retryable, ok := errors.AsType[*pipeline.RetryableError](err); ok && retryable.After > 0 {
		return balance.Worked
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return balance.Unknown
	}
	return balance.Failed
}
