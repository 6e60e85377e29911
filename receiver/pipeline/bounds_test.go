package pipeline

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	"google.golang.org/grpc/mem"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// heavy is a request of many tiny items below a resource of the given size.
func heavy(items, around int) *Payload {
	records := make([]*logspb.LogRecord, items)
	for i := range records {
		records[i] = &logspb.LogRecord{}
	}
	m := &collogs.ExportLogsServiceRequest{ResourceLogs: []*logspb.ResourceLogs{{
		Resource:  &resource.Resource{Attributes: []*common.KeyValue{{Key: strings.Repeat("k", around)}}},
		ScopeLogs: []*logspb.ScopeLogs{{LogRecords: records}},
	}}}
	return &Payload{Signal: wire.Logs, Items: items, Data: mem.SliceBuffer(otlptest.Encode(m))}
}

// Pieces repeat what stands around their items. That must not take memory
// without a bound: of such a request there are fewer pieces, or it is too large.
func TestPiecesDoNotFillTheMemory(t *testing.T) {
	f := func(p *Payload, limits Limits, maxRequest, pieces, tooLarge int) {
		t.Helper()
		pool := &Pool{}
		got, n, err := limits.split(p, maxRequest, pool)
		if err != nil || len(got) != pieces || n != tooLarge {
			t.Errorf("%d pieces, %d items too large, %v; want %d and %d", len(got), n, err, pieces, tooLarge)
		}
		items, taken := n, 0
		for i := range got {
			items += got[i].Items
			taken += footprint(got[i].Data) + perPiece
		}
		if items != p.Items || taken > max(swellBy*footprint(p.Data), swellTo) {
			t.Errorf("pieces of %d bytes have %d items, want %d", taken, items, p.Items)
		}
		freeAll(got)
	}
	f(heavy(1000, 1<<10), Limits{MaxItems: 10}, MaxOTLPRequestBytes, 100, 0)
	f(heavy(1000, 1<<20), Limits{MaxItems: 10}, MaxOTLPRequestBytes, 7, 0)
	f(heavy(1000, 1<<20), Limits{MaxItems: 10, MaxBytes: 4096}, MaxOTLPRequestBytes, 1, 0)
	f(heavy(1000, 20<<20), Limits{MaxItems: 10}, MaxOTLPRequestBytes, 2, 0)
	f(heavy(1000, 4<<20), Limits{MaxBytes: 4<<20 + 100}, 4<<20+200, 0, 1000)
	f(heavy(1000, 4<<20), Limits{MaxItems: 10}, 1<<20, 0, 1000)
	f(heavy(1000, 1<<20), Limits{MaxBytes: 1<<20 + 100}, MaxOTLPRequestBytes, 1, 0)
	f(heavy(1<<20, 1), Limits{MaxItems: 1}, 0, 6554, 0) // small, but each in a buffer of its own
}

func TestMemoryOfPiecesCountsBeforeTheyAreTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := settings()
		s.MaxHeldBytes = 4 << 20
		e := &backend{answer: stuck}
		d := start(t, e, s)
		r := route(d.Lane(wire.Logs, Limits{MaxItems: 100}))
		consume(t, r, heavy(1, 1))
		var full *OverloadError
		if _, err := r.Consume(t.Context(), heavy(1000, 1<<20)); !errors.As(err, &full) {
			t.Errorf("ten pieces of 1 MiB in 4 MiB: %v", err)
		}
		e.mu.Lock()
		e.answer = nil
		e.mu.Unlock()
	})
}

func TestHeldIsTheMemoryAndNotTheLength(t *testing.T) {
	b := &Batch{}
	data := make([]byte, copyBelow, 4*copyBelow)
	b.add(&Payload{Items: 1, Data: mem.SliceBuffer(data)}, PassNone, &Pool{})
	if b.held != cap(data) {
		t.Errorf("held %d, want %d", b.held, cap(data))
	}
}

func TestAStoppedQueueTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := start(t, &backend{}, settings())
		r := route(d.Lane(wire.Traces, Limits{}))
		d.Drain()
		var full *OverloadError
		if _, err := r.Consume(t.Context(), payload(1)); !errors.As(err, &full) {
			t.Errorf("nobody is left to send it: %v", err)
		}
	})
}

func TestTimerEndsWithItsBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := start(t, &backend{}, settings())
		l := d.Lane(wire.Traces, Limits{Timeout: time.Hour, MinItems: 10})
		consume(t, route(l), payload(1))
		b := l.open[""]
		timer := b.timer
		consume(t, route(l), payload(10))
		if timer.Stop() {
			t.Error("the timer of a batch that was full still runs")
		}
	})
}

func TestWithoutALeastSizeNothingWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &backend{}
		r := route(start(t, e, settings()).Lane(wire.Traces, Limits{Timeout: time.Hour, MaxItems: 10}))
		consume(t, r, payload(1))
		synctest.Wait()
		if batches, _ := e.received(); batches != 1 {
			t.Errorf("%d batches at once", batches)
		}
	})
}

func TestPausesStayWithinReason(t *testing.T) {
	f := func(c RetryConfig, from, want time.Duration) {
		t.Helper()
		if got := c.next(from); got != want {
			t.Errorf("%+v: %s after %s, want %s", c, got, from, want)
		}
	}
	f(RetryConfig{Multiplier: 2, MaxInterval: time.Minute}, time.Second, 2*time.Second)
	f(RetryConfig{Multiplier: 2, MaxInterval: time.Minute}, 40*time.Second, time.Minute)
	f(RetryConfig{Multiplier: 1e300, MaxInterval: time.Minute}, time.Second, time.Minute)
	f(RetryConfig{Multiplier: 2, MaxInterval: math.MaxInt64}, math.MaxInt64, math.MaxInt64)
	if d := jitter(math.MaxInt64, 1); d < 0 {
		t.Errorf("jitter made %s of the longest duration", d)
	}
	synctest.Test(t, func(t *testing.T) { // neither a busy loop nor a wait for ever
		e := &backend{answer: func(_ context.Context, call int, _ *Batch) (Partial, error) {
			after := time.Duration(0)
			if call == 3 {
				after = math.MaxInt64
			}
			if call > 3 {
				return Partial{}, nil
			}
			return Partial{}, &RetryableError{Err: errors.New("unavailable"), After: after}
		}}
		s := settings()
		s.Retry = RetryConfig{Enabled: true}
		began := time.Now()
		if _, err := route(start(t, e, s).Lane(wire.Traces, Limits{})).Consume(t.Context(), payload(1)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * longestPause)
		synctest.Wait()
		if _, items := e.received(); items != 1 {
			t.Errorf("%d items after %s", items, time.Since(began))
		}
	})
}

func TestLossesBeforeTheQueueAreLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s := settings()
		s.Queue.QueueSize = 1
		stuckOne := NewDestination("stuck", &backend{answer: stuck}, s, &Pool{}, slog.New(slog.NewTextHandler(&log, nil)))
		r := route(stuckOne.Lane(wire.Traces, Limits{}), start(t, &backend{}, settings()).Lane(wire.Traces, Limits{}))
		consume(t, r, payload(1))
		consume(t, r, payload(2))
		if !strings.Contains(log.String(), "items lost") || !strings.Contains(log.String(), "queue_full") {
			t.Errorf("nothing about two items in the log: %s", &log)
		}
	})
}

func TestTheWorstVerdictCounts(t *testing.T) {
	f := func(want Partial, partials ...Partial) {
		t.Helper()
		var lanes []*Lane
		for _, p := range partials {
			s := settings()
			s.Queue.Enabled = false
			answer := func(context.Context, int, *Batch) (Partial, error) { return p, nil }
			lanes = append(lanes, start(t, &backend{answer: answer}, s).Lane(wire.Traces, Limits{}))
		}
		want.Reasons[RefusedPartly] = want.Rejected
		if got, err := route(lanes...).Consume(t.Context(), payload(5)); got != want || err != nil {
			t.Errorf("%+v: %+v, %v", partials, got, err)
		}
	}
	f(Partial{Rejected: 3}, Partial{Rejected: 3}, Partial{})
	f(Partial{Rejected: 3}, Partial{Message: "a warning"}, Partial{Rejected: 3})
	f(Partial{Message: "a warning"}, Partial{}, Partial{Message: "a warning"})
	f(Partial{Rejected: 5}, Partial{Rejected: math.MaxInt64}, Partial{Rejected: -1})
}

// An exporter that heeds no context holds up neither the end nor the books.
func TestAStuckExporterIsAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		e := &backend{answer: func(_ context.Context, attempt int, b *Batch) (Partial, error) {
			if attempt == 1 {
				return Partial{}, &DividedError{Settled: []Settled{{Items: 1}}, Rest: b.After(1), Err: &RetryableError{Err: errors.New("busy")}}
			}
			<-release
			return Partial{}, nil
		}}
		s := settings()
		s.Queue.NumConsumers = 1
		d := NewDestination("test", e, s, &poison{}, discard())
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- d.Run(ctx) }()
		r := route(d.Lane(wire.Traces, Limits{}))
		consume(t, r, payload(2))
		consume(t, r, payload(3))
		time.Sleep(time.Minute) // the second attempt has begun
		cancel()
		d.Drain()
		if err := <-ended; err == nil || !strings.Contains(err.Error(), "stuck") {
			t.Errorf("Run: %v", err)
		}
		f := func() {
			t.Helper()
			checkBalance(t, d)
			if b := d.State().Books[wire.Traces]; b.Dropped["shutdown"] != 4 || b.Exported != 1 {
				t.Errorf("books: %+v", b)
			}
		}
		f()
		close(release)
		synctest.Wait() // what comes too late changes nothing
		f()
	})
}

// What an exporter gets apart was not admitted at the same time.
func TestPiecesAreAdmittedOneAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		admitted := map[time.Time]int{}
		e := &backend{answer: func(_ context.Context, _ int, b *Batch) (Partial, error) {
			admitted[b.Admitted()] += b.Items
			return Partial{}, nil
		}}
		s := settings()
		s.Queue.NumConsumers = 1
		consume(t, route(start(t, e, s).Lane(wire.Logs, Limits{MaxItems: 40})), heavy(100, 1))
		synctest.Wait()
		if sizes := slices.Sorted(maps.Values(admitted)); !slices.Equal(sizes, []int{20, 40, 40}) {
			t.Errorf("batches of %v items, by when they were admitted", sizes)
		}
	})
}

// Which items a backend does not take is in no answer to their clients, who were told yes before.
func TestRefusedItemsAreSaidAndNotOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &backend{answer: func(context.Context, int, *Batch) (Partial, error) {
			return Partial{Rejected: math.MaxInt64, Message: "no room for é"}, nil
		}}
		var log bytes.Buffer
		d := NewDestination("test", e, settings(), &Pool{}, slog.New(slog.NewTextHandler(&log, nil)))
		ended := make(chan error, 1)
		go func() { ended <- d.Run(t.Context()) }()
		r := route(d.Lane(wire.Traces, Limits{}))
		for range 3 {
			consume(t, r, payload(2))
			synctest.Wait()
		}
		other := payload(5)
		other.Signal = wire.Logs // whose refusals are not hidden by those of traces
		consume(t, route(d.Lane(wire.Logs, Limits{})), other)
		synctest.Wait()
		time.Sleep(quiet)
		consume(t, r, payload(2))
		synctest.Wait()
		d.Drain()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		said := log.String()
		if strings.Count(said, "items refused") != 3 || !strings.Contains(said, "items=2 ") || !strings.Contains(said, "items=5 signal=logs ") || !strings.Contains(said, "items=6 ") || !strings.Contains(said, "no room for é") {
			t.Error(said)
		}
	})
}
