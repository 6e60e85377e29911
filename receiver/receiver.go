package receiver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/otlpctl/otlpctl/receiver/admin"
	"github.com/otlpctl/otlpctl/receiver/ingest"
	"github.com/otlpctl/otlpctl/receiver/internal/grpcraw"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// Deps is what a Receiver needs from the process around it. All of it is required.
type Deps struct {
	// Log takes the receiver's own log.
	Log *slog.Logger
	// Stdout and Stderr take the output of exporters that print.
	Stdout, Stderr io.Writer
	// Build says what program this is, for /status and /metrics.
	Build admin.Build
	// ConfigHash names the configuration, for /status.
	ConfigHash string
	// Memory is what the process may use; see PlanMemory.
	Memory Memory
}

// Receiver is one configured receiver. It runs once.
type Receiver struct {
	cfg     Config
	deps    Deps
	graph   *graph
	servers []*ingest.Server
	budget  *ingest.Budget
	desk    desk
	started time.Time
	// waiting says why the receiver is not ready; it is nil when it is.
	waiting atomic.Pointer[string]
}

// New builds every component that cfg names, with the code that will run it, but
// listens nowhere and connects to nothing. cfg has been validated. ctx bounds the
// construction only.
func New(ctx context.Context, cfg Config, deps Deps) (*Receiver, error) {
	grpcraw.Register()
	r := &Receiver{cfg: cfg, deps: deps, started: time.Now()}
	r.wait("starting")
	pool := &pipeline.Pool{}
	var err error
	if r.graph, err = buildGraph(ctx, &cfg, builder{deps: deps, pool: pool}); err != nil {
		return nil, err
	}
	r.budget = ingest.NewBudget(deps.Memory.InFlight)
	var errs []error
	for _, id := range slices.Sorted(maps.Keys(r.graph.routes)) {
		s, err := ingest.New(string(id), *cfg.Receivers[id], ingest.Deps{ //nolint:contextcheck // calls have contexts of their own
			Pool: pool, Budget: r.budget, Routes: ingest.NewRoutes(r.graph.routes[id]), Log: deps.Log,
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("receivers.%s: %w", id, err))
			continue
		}
		r.servers = append(r.servers, s)
	}
	if r.desk, err = newDesk(r); err != nil {
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, errors.Join(err, r.graph.discard(ctx))
	}
	return r, nil
}

func (r *Receiver) wait(why string) { r.waiting.Store(&why) }

// listen opens every listener, or none.
func (r *Receiver) listen(ctx context.Context) error {
	if err := r.desk.listen(ctx); err != nil {
		return err
	}
	for i, s := range r.servers {
		if err := s.Listen(ctx); err != nil {
			for _, open := range r.servers[:i] {
				open.Close()
			}
			for _, open := range r.desk {
				open.Close()
			}
			return err
		}
	}
	return nil
}
