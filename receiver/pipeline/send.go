package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// Why items are dropped without an error of an exporter.
var (
	errTooLarge  = errors.New("item exceeds the largest request")
	errQueueFull = errors.New("the queue is full")
	errStuck     = errors.New("the exporter does not return")
)

const (
	// longestPause bounds how long a backend may make us wait.
	longestPause = time.Hour
	// shortestPause keeps a configuration without any pause from a busy loop.
	shortestPause = 10 * time.Millisecond
	// drainRetry is the longest wait between two attempts while draining: the
	// time that is left is short.
	drainRetry = time.Second
)

// send delivers b, retrying as configured. It returns when the fate of b is
// decided, or when ctx ends. A change of the configuration ends a pause, and
// retrying begins anew.
func (d *Destination) send(ctx context.Context, b *Batch) outcome {
	left := remainder{whole: b, batch: b}
	defer left.free()
	o := d.sendAll(ctx, &left)
	o.shares = left.shares
	return o
}

// sendAll sends what is left of a batch until nothing is.
func (d *Destination) sendAll(ctx context.Context, left *remainder) outcome {
	var st *station
	var began time.Time
	var interval time.Duration
	for attempt := 1; ; attempt++ {
		if err := d.pause(ctx, time.Until(time.Unix(0, d.notBefore.Load()))); err != nil {
			return outcome{err: fmt.Errorf("stopped before attempt %d: %w", attempt, err), reason: ShutDown}
		}
		if now := d.station(); now != st {
			st, began, interval = now, time.Now(), now.settings.Retry.InitialInterval
		}
		partial, err := d.attempt(ctx, left.batch)
		before := len(left.shares)
		if err = left.divide(err); len(left.shares) > before { // it goes on
			began, interval = time.Now(), st.settings.Retry.InitialInterval
			d.queue.progress(left.whole, left.shares)
			d.sayRefused(left.batch.Signal, left.shares[before:])
		}
		if err == nil {
			return outcome{partial: partial}
		}
		if ctx.Err() != nil {
			return outcome{err: fmt.Errorf("stopped during attempt %d: %w", attempt, err), reason: ShutDown}
		}
		retryable, ok := errors.AsType[*RetryableError](err)
		if !ok {
			return final(err)
		}
		retry := &st.settings.Retry
		d.throttle(retryable.After)
		if !retry.Enabled {
			return outcome{err: err, reason: RetriesExhausted}
		}
		wait := max(jitter(interval, retry.RandomizationFactor), min(retryable.After, longestPause), shortestPause)
		interval = retry.next(interval)
		if most := retry.MaxElapsedTime; most > 0 && time.Since(began)+wait > most {
			return outcome{err: fmt.Errorf("gave up after %d attempts in %s: %w", attempt, time.Since(began).Round(time.Millisecond), err), reason: RetriesExhausted}
		}
		if d.pause(ctx, wait) != nil {
			return outcome{err: fmt.Errorf("stopped after %d attempts: %w", attempt, err), reason: ShutDown}
		}
		d.retries.Add(1)
	}
}

// attempt calls the exporter once.
func (d *Destination) attempt(ctx context.Context, b *Batch) (Partial, error) {
	st := d.enter()
	defer d.leave(st)
	if st.settings.Passthrough != PassAll {
		if err := b.unpack(); err != nil {
			return Partial{}, err
		}
	}
	if st.settings.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, st.settings.Timeout)
		defer cancel()
	}
	began := time.Now()
	partial, err := st.exporter.Export(ctx, b)
	d.latency.Observe(time.Since(began))
	d.attempts.Add(1)
	if err != nil {
		d.failed.Add(1)
	}
	d.health.observe(d.log, err)
	if err == nil {
		d.sayRefused(b.Signal, []share{{outcome{partial: partial}, int64(b.Items)}})
	}
	return partial, err
}

// sayRefused notes what the backend does not take of parts that it took.
func (d *Destination) sayRefused(sig wire.Signal, parts []share) {
	for i := range parts {
		p := &parts[i]
		if refused := p.partial.rejectedOf(p.items); p.err == nil && refused > 0 {
			d.health.refuse(d.log, sig, refused, p.partial.Message)
		}
	}
}

// throttle makes every consumer wait, as the backend asked for.
func (d *Destination) throttle(after time.Duration) {
	if after <= 0 {
		return
	}
	until := time.Now().Add(min(after, longestPause)).UnixNano()
	for {
		old := d.notBefore.Load()
		if old >= until || d.notBefore.CompareAndSwap(old, until) {
			return
		}
	}
}

// pause waits for the given time, but no longer than drainRetry once Drain was
// called, nor than until the station is exchanged. It fails when ctx ends.
func (d *Destination) pause(ctx context.Context, wait time.Duration) error {
	if wait <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-d.changing():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-d.draining:
	}
	timer.Reset(min(wait, drainRetry))
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// next returns the pause after one of the given length.
func (c *RetryConfig) next(interval time.Duration) time.Duration {
	if next := float64(interval) * c.Multiplier; next < float64(c.MaxInterval) {
		return time.Duration(next)
	}
	return c.MaxInterval
}

// jitter varies d by up to the share factor, either way. What it returns can be
// added to a time of this century.
func jitter(d time.Duration, factor float64) time.Duration {
	varied := float64(d) * (1 + factor*(2*rand.Float64()-1)) //nolint:gosec // no secret depends on it
	return time.Duration(min(varied, math.MaxInt64/4))
}

// health remembers how the last attempts went, so that the log says when
// something changes instead of repeating itself.
type health struct {
	mu      sync.Mutex
	failing string
	since   time.Time
	lost    [4]unsaid // dropped items, by signal
	refused [4]unsaid // items that the backend does not take
}

// unsaid is how many items no line of the log has told of since the last one that did.
type unsaid struct {
	items int64
	told  time.Time
}

// say adds items, and returns how many the log is to tell of now, or none.
func (u *unsaid) say(items int64) int64 {
	u.items += items
	if time.Since(u.told) < quiet {
		return 0
	}
	items = u.items
	*u = unsaid{told: time.Now()}
	return items
}

// quiet is the least time between two lines about dropped items of a signal, or about refused ones.
const quiet = 10 * time.Second

func (h *health) observe(log *slog.Logger, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case err == nil && h.failing != "":
		log.Info("exporter works again", "after", time.Since(h.since).Round(time.Millisecond).String())
		h.failing = ""
	case err == nil:
	case h.failing == "":
		h.since = time.Now()
		log.Warn("exporter fails", "error", err)
		h.failing = err.Error()
	default:
		h.failing = err.Error()
	}
}

// drop notes that items were lost.
func (h *health) drop(log *slog.Logger, sig wire.Signal, items int, o outcome) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := h.lost[sig].say(int64(items)); n > 0 {
		log.Error("items lost", "items", n, "signal", sig.String(), "reason", o.why(), "error", o.err)
	}
}

// refuse notes that the backend does not take some items, and what it says about that.
func (h *health) refuse(log *slog.Logger, sig wire.Signal, items int64, message string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := h.refused[sig].say(items); n > 0 {
		log.Warn("items refused", "items", n, "signal", sig.String(), "message", message)
	}
}

func (h *health) read() (failing string, since time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failing == "" {
		return "", time.Time{}
	}
	return h.failing, h.since
}
