// Package balanced sends batches to the instances of a service that is found by name:
// each to one that a balancer chooses, or each part of it to the one that its key
// belongs to. What an instance does not take goes to another one within the same
// attempt.
package balanced

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/mem"

	"github.com/otlpctl/otlpctl/receiver/balance"
	"github.com/otlpctl/otlpctl/receiver/export/internal/reply"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/resolve"
)

var _ pipeline.Exporter = (*Exporter)(nil)

// Deps is what an Exporter needs. All of it is required.
type Deps struct {
	// Source follows the instances.
	Source resolve.Source
	// Name is the endpoint as it is shown in messages.
	Name string
	// Open makes an exporter to one address, without connecting.
	Open func(addr string) (pipeline.Exporter, error)
	// Pool has the buffers for the parts of batches.
	Pool mem.BufferPool
	Log  *slog.Logger
}

// Exporter sends batches to instances of a service. It is safe for concurrent use.
type Exporter struct {
	config    Config
	deps      Deps
	balancer  *balance.Balancer
	clients   clients
	answers   answers
	failovers atomic.Int64

	life      sync.Mutex
	stop      context.CancelFunc // nil before Start
	closed    bool
	following sync.WaitGroup
}

// New returns an Exporter, which looks for instances from Start or the first Export
// on. The configuration has been validated.
func New(c Config, d Deps) *Exporter {
	return &Exporter{
		config: c, deps: d, balancer: balance.New(c.Config),
		clients: clients{open: d.Open}, answers: answers{first: make(chan struct{})},
	}
}

// Start begins to follow the instances, until Close.
func (e *Exporter) Start(ctx context.Context) {
	e.life.Lock()
	defer e.life.Unlock()
	if e.stop != nil || e.closed {
		return
	}
	follow, stop := context.WithCancel(context.WithoutCancel(ctx))
	e.stop = stop
	e.following.Go(func() {
		e.deps.Source.Follow(follow, func(a resolve.Answer) { e.tell(follow, a) })
	})
}

// Export makes one attempt to deliver b. Within it, what one instance does not take
// is sent to another.
func (e *Exporter) Export(ctx context.Context, b *pipeline.Batch) (pipeline.Partial, error) {
	if err := e.await(ctx); err != nil {
		return pipeline.Partial{}, err
	}
	if e.config.Divides() {
		return e.exportByKey(ctx, b)
	}
	return e.exportWhole(ctx, b, 0)
}

// await waits for the first answer of the registry.
func (e *Exporter) await(ctx context.Context) error {
	select {
	case <-e.answers.first:
		return nil
	default:
	}
	e.Start(ctx)
	select {
	case <-e.answers.first:
		return nil
	case <-ctx.Done():
		return &pipeline.RetryableError{Err: fmt.Errorf("export to %s: the registry has not answered yet: %w", e.deps.Name, ctx.Err())}
	}
}

// unavailable is the error of an attempt that found nobody to send to.
func (e *Exporter) unavailable(err error) *pipeline.RetryableError {
	retryable := &pipeline.RetryableError{}
	if busy, ok := errors.AsType[*balance.BusyError](err); ok {
		retryable.After = busy.After
	}
	hint := ""
	if errors.Is(err, resolve.ErrNoInstances) {
		if problem := e.answers.problem(); problem != nil {
			err = fmt.Errorf("%w: %w", err, problem)
		} else {
			hint = "'otlpctl resolve' with the endpoint shows what the registry knows"
		}
	}
	retryable.Err = reply.Advise(fmt.Errorf("export to %s: %w", e.deps.Name, err), hint)
	return retryable
}

// Close stops following the instances and closes the exporters to them.
func (e *Exporter) Close(ctx context.Context) error {
	e.life.Lock()
	e.closed = true
	if e.stop != nil {
		e.stop()
	}
	e.life.Unlock()
	e.following.Wait()
	return e.clients.want(ctx, nil)
}
