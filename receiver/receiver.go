package receiver

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/otlpctl/otlpctl/receiver/admin"
	"github.com/otlpctl/otlpctl/receiver/ingest"
	"github.com/otlpctl/otlpctl/receiver/internal/grpcraw"
	"github.com/otlpctl/otlpctl/receiver/internal/ready"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/presence"
	"github.com/otlpctl/otlpctl/receiver/resolve"
)

// Deps is what a Receiver needs from the process around it. All of it is required
// but what says otherwise.
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
	// Reload reads the configuration again and calls Reload of the Receiver, for
	// the admin port. Optional.
	Reload func(context.Context) error
	// ChangeLogs makes the log what a new configuration says; after an error it is
	// as it was. Optional.
	ChangeLogs func(LogsConfig) error
	// Announcer makes the receiver known as long as it takes requests. Optional.
	Announcer presence.Announcer
	// Resolve opens the source of a service that the endpoint of an exporter names.
	// Optional: without it, such an endpoint is an error.
	Resolve resolve.Open
	// Ready is called once, when the receiver takes requests. Optional.
	Ready func()
	// Draining is called once, when the receiver begins to stop. The channel that it returns is closed to
	// end the drain at once, as if its time were up. Optional.
	Draining func() (giveUp <-chan struct{})
}

// Receiver is one configured receiver. It runs once, and its configuration can be
// changed while it does.
type Receiver struct {
	deps    Deps
	pool    *pipeline.Pool
	budget  *ingest.Budget
	started time.Time
	ready   *ready.State
	now     atomic.Pointer[generation]
	history history

	// changing is held while the configuration changes, and from the beginning of
	// the end on.
	changing sync.Mutex
	crew     *crew // of what runs; nil before Run
	leaving  leaving
}

// New builds every component that cfg names, with the code that will run it, but
// listens nowhere and connects to nothing. cfg has been validated. ctx bounds the
// construction only.
func New(ctx context.Context, cfg Config, deps Deps) (*Receiver, error) {
	r := newReceiver(deps)
	g, err := r.build(ctx, cfg, deps.ConfigHash, noGeneration())
	if err != nil {
		return nil, err
	}
	r.now.Store(g)
	return r, nil
}

// newReceiver returns a Receiver that has no components yet.
func newReceiver(deps Deps) *Receiver {
	grpcraw.Register()
	return &Receiver{
		deps: deps, pool: &pipeline.Pool{}, budget: ingest.NewBudget(deps.Memory.InFlight), started: time.Now(),
		ready: ready.New("starting"),
	}
}

// Discard gives up a Receiver that never ran.
func (r *Receiver) Discard(ctx context.Context) error { return r.now.Load().discard(ctx) }
