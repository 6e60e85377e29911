package pipeline

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/mem"

	"github.com/otlpctl/otlpctl/receiver/measure"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// Destination is one exporter with its queue, its retries and its books.
// All pipelines that name the exporter share it, each through a Lane.
type Destination struct {
	name string
	pool mem.BufferPool
	log  *slog.Logger

	stations sync.Mutex
	current  atomic.Pointer[station]
	changed  chan struct{}  // closed and made anew when the station is exchanged
	closing  sync.WaitGroup // of exporters that were exchanged

	queue    queue
	drain    sync.Once
	draining chan struct{} // closed when Drain begins: backoffs end early
	done     chan struct{} // closed when Run has ended
	health   health
	// notBefore is when the backend, having asked for a pause, may be sent to
	// again, in nanoseconds since the Unix epoch.
	notBefore atomic.Int64

	attempts atomic.Int64
	retries  atomic.Int64
	failed   atomic.Int64 // of the attempts
	latency  measure.Latency
}

// NewDestination returns a Destination that delivers through exporter, which it
// closes in the end. Nothing is delivered before Run.
func NewDestination(name string, exporter Exporter, settings Settings, pool mem.BufferPool, log *slog.Logger) *Destination {
	d := &Destination{
		name: name, pool: pool, log: log.With("exporter", name),
		changed: make(chan struct{}), draining: make(chan struct{}), done: make(chan struct{}),
	}
	d.current.Store(newStation(exporter, settings))
	d.queue.init(&settings)
	return d
}

// Name returns the exporter's ID.
func (d *Destination) Name() string { return d.name }

// Run delivers what is queued until Drain was called and the queue is empty.
// When ctx ends earlier, what is left is dropped and counted. Run returns when
// all of its goroutines have ended and the exporter is closed, or with an error
// when the exporter does not let go of a batch: a write to a pipe that nobody
// reads heeds no context.
func (d *Destination) Run(ctx context.Context) error {
	defer close(d.done)
	d.station().begin(ctx)
	var consumers sync.WaitGroup
	d.queue.begin(func(consumer int) {
		consumers.Go(func() {
			for b := d.queue.next(consumer); b != nil; b = d.queue.next(consumer) {
				d.deliver(ctx, b)
			}
		})
	})
	idle := make(chan struct{})
	go func() {
		consumers.Wait()
		d.closing.Wait()
		close(idle)
	}()
	ended := func(before <-chan struct{}) bool {
		select {
		case <-idle:
			return true
		case <-before:
			return false
		}
	}
	if ended(ctx.Done()) || ended(d.draining) {
		return d.station().exporter.Close(context.WithoutCancel(ctx))
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), letGo)
	defer cancel()
	if ended(limit.Done()) {
		return d.station().exporter.Close(limit)
	}
	d.queue.abandon()
	return fmt.Errorf("exporter %s is stuck: it did not end %s after its time was up; see what its output waits for", d.name, letGo)
}

// letGo is how long an exporter may take to return once its context has ended.
const letGo = time.Second

// Discard closes the exporter of a Destination that never ran.
func (d *Destination) Discard(ctx context.Context) error { return d.station().exporter.Close(ctx) }

// Drain refuses new requests, sends the open batches at once and waits until Run
// has ended. How long that may take is decided by the context of Run.
func (d *Destination) Drain() {
	d.queue.close()
	d.drain.Do(func() { close(d.draining) })
	<-d.done
}

// deliver sends one batch from the queue and settles the books for it.
func (d *Destination) deliver(ctx context.Context, b *Batch) {
	o := d.send(ctx, b)
	d.mourn(b.Signal, b.Items, o)
	d.queue.settle(b, o)
	b.Free()
}

// State is what a Destination reports about itself.
type State struct {
	Name string
	// Requests, Items, Bytes: what is queued or being sent. Held is the memory it keeps alive.
	Requests, Items, Bytes, Held int64
	// Oldest is the age of the oldest request in the queue; zero when it is empty.
	Oldest time.Duration
	// Capacity and Sizer are the configured bound. Used is what counts against it.
	Capacity, Used int64
	Sizer          Sizer
	Attempts       int64
	Retries        int64
	Failed         int64 // of the attempts
	Latency        measure.Distribution
	// Failing is the error of the last attempt, if it failed; Since is when the failures began.
	Failing string
	Since   time.Time
	Books   map[wire.Signal]Books
	// Discovered is nil if the exporter is told where its backend is.
	Discovered *Discovered
	// Duplicates is how many of the exported items the backend had already, as far as the present
	// exporter knows; nil if it does not.
	Duplicates *int64
}

// Plus returns the state with the books and counters of an earlier destination of
// the same name, whose queue may not be empty yet.
func (s State) Plus(earlier State) State {
	s.Requests, s.Items, s.Bytes, s.Held = s.Requests+earlier.Requests, s.Items+earlier.Items, s.Bytes+earlier.Bytes, s.Held+earlier.Held
	s.Attempts, s.Retries, s.Failed = s.Attempts+earlier.Attempts, s.Retries+earlier.Retries, s.Failed+earlier.Failed
	s.Oldest = max(s.Oldest, earlier.Oldest)
	s.Duplicates = sum(s.Duplicates, earlier.Duplicates)
	books := maps.Clone(s.Books)
	for sig, b := range earlier.Books {
		books[sig] = books[sig].plus(b)
	}
	s.Books = books
	return s
}

// State returns the state of the queue and the books in one snapshot.
func (d *Destination) State() State {
	st := d.station()
	s := d.queue.state(&st.settings.Queue)
	s.Name, s.Discovered, s.Duplicates = d.name, st.discovered(), st.duplicates()
	s.Failed = d.failed.Load() // before the attempts, of which it is a part
	s.Attempts, s.Retries, s.Latency = d.attempts.Load(), d.retries.Load(), d.latency.Read()
	s.Failing, s.Since = d.health.read()
	return s
}
