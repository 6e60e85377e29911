package balanced

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/receiver/balance"
	"github.com/otlpctl/otlpctl/receiver/export/internal/exporttest"
	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

func hashing(key HashKey) func(*Config) {
	return func(c *Config) { c.Policy, c.HashKey = balance.ConsistentHash, key }
}

// tracesIn counts the spans of each trace in what a backend got.
func tracesIn(t *testing.T, b *backend) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, request := range b.got {
		var m coltrace.ExportTraceServiceRequest
		if err := proto.Unmarshal(request, &m); err != nil {
			t.Fatal(err)
		}
		for _, rs := range m.GetResourceSpans() {
			for _, ss := range rs.GetScopeSpans() {
				for _, span := range ss.GetSpans() {
					counts[string(span.GetTraceId())]++
				}
			}
		}
	}
	return counts
}

// owners returns who got each trace, and checks that nobody else did.
func owners(t *testing.T, s *service) map[string]string {
	t.Helper()
	all := map[string]string{}
	for addr, b := range s.backends {
		for trace := range tracesIn(t, b) {
			if other, twice := all[trace]; twice {
				t.Errorf("trace %x went to %s and %s", trace, addr, other)
			}
			all[trace] = addr
		}
	}
	return all
}

func TestKeepsTracesTogether(t *testing.T) {
	s := newService(letters(5)...)
	e := s.exporter(t, hashing(ByTrace))
	for range 3 {
		if _, err := e.Export(t.Context(), spans(200)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(owners(t, s)); n != 200 {
		t.Errorf("%d traces of 200 arrived", n)
	}
	total := 0
	for addr, b := range s.backends {
		for trace, n := range tracesIn(t, b) {
			if n != 3 {
				t.Errorf("%s has %d of 3 spans of trace %x", addr, n, trace)
			}
		}
		if b.calls != 3 || b.items < 60 {
			t.Errorf("%s got %d spans in %d requests", addr, b.items, b.calls)
		}
		total += b.items
	}
	if total != 600 {
		t.Errorf("%d spans arrived, want 600", total)
	}
	if d := e.Discovered(0); d.Failovers != 0 {
		t.Errorf("%+v", d)
	}
}

// Spans and log records of one trace meet, whoever sends them.
func TestSignalsOfOneTraceMeet(t *testing.T) {
	s := newService(letters(5)...)
	if _, err := s.exporter(t, hashing(ByTrace)).Export(t.Context(), spans(50)); err != nil {
		t.Fatal(err)
	}
	bySpan := owners(t, s)
	other := newService(letters(5)...)
	data := otlptest.Encode(otlptest.Logs(50))
	b := exporttest.Batch(wire.Logs, 50, pipeline.Part{Data: mem.SliceBuffer(data)})
	if _, err := other.exporter(t, hashing(ByTrace)).Export(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	for addr, b := range other.backends {
		for _, request := range b.got {
			var m collogs.ExportLogsServiceRequest
			if err := proto.Unmarshal(request, &m); err != nil {
				t.Fatal(err)
			}
			for _, r := range m.GetResourceLogs()[0].GetScopeLogs()[0].GetLogRecords() {
				if want := bySpan[string(r.GetTraceId())]; want != addr {
					t.Errorf("the log of trace %x went to %s, its span to %s", r.GetTraceId(), addr, want)
				}
			}
		}
	}
}

func TestKeepsResourcesTogether(t *testing.T) {
	request := &colmetrics.ExportMetricsServiceRequest{}
	for i := range 40 {
		rm := otlptest.Metrics(5).ResourceMetrics[0]
		rm.Resource = &resource.Resource{Attributes: []*common.KeyValue{{Key: "host.name", Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: fmt.Sprint(i)}}}}}
		request.ResourceMetrics = append(request.ResourceMetrics, rm)
	}
	for _, key := range []HashKey{ByResource, ByTrace} { // metrics have no trace
		s := newService(letters(4)...)
		e := s.exporter(t, hashing(key))
		for range 2 {
			b := exporttest.Batch(wire.Metrics, 200, pipeline.Part{Data: mem.SliceBuffer(otlptest.Encode(request))})
			if _, err := e.Export(t.Context(), b); err != nil {
				t.Fatal(err)
			}
		}
		for addr, b := range s.backends {
			if len(b.got) != 2 || !slices.Equal(b.got[0], b.got[1]) || b.items < 20 {
				t.Errorf("%s: %s got %d points in %d requests that are not the same", key, addr, b.items, len(b.got))
			}
		}
	}
}

func TestDoesNotDivideProfiles(t *testing.T) {
	s := newService(letters(4)...)
	e := s.exporter(t, hashing(ByResource))
	profile := []byte("\x0a\x0e\x12\x0c\x12\x0a\x3a\x08abcdefgh") // checked nowhere here
	data := mem.SliceBuffer(append(slices.Clone(profile), profile...))
	if _, err := e.Export(t.Context(), exporttest.Batch(wire.Profiles, 2, pipeline.Part{Data: data})); err != nil {
		t.Fatal(err)
	}
	if called := s.called(); len(called) != 1 {
		t.Errorf("went to %v", called)
	}
}

// What would take too much memory in parts stays whole, and nobody gets a request without items.
func TestDoesNotDivideWhatSwells(t *testing.T) {
	request := otlptest.Traces(64)
	big := strings.Repeat("x", 1<<20) // repeated for each instance, this is more than 16 MiB
	request.ResourceSpans[0].Resource = &resource.Resource{Attributes: []*common.KeyValue{{Key: "k", Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: big}}}}}
	for i, span := range request.ResourceSpans[0].ScopeSpans[0].Spans {
		span.TraceId = bytes.Repeat([]byte{byte(i + 1)}, 16)
	}
	s := newService(letters(26)...)
	e := s.exporter(t, hashing(ByTrace))
	if _, err := e.Export(t.Context(), exporttest.Batch(wire.Traces, 64, pipeline.Part{Data: mem.SliceBuffer(otlptest.Encode(request))})); err != nil {
		t.Fatal(err)
	}
	if called := s.called(); len(called) != 1 {
		t.Errorf("went to %v", called)
	}
}

// What an instance does not take goes to others, each trace to where it would belong
// without the instance, and the rest stays where it is.
func TestDividesAgainAmongTheOthers(t *testing.T) {
	s, without := newService(letters(4)...), newService(letters(4)[1:]...)
	s.at("a:1", func(b *backend) { b.answer = refuses })
	for _, e := range []*Exporter{s.exporter(t, hashing(ByTrace)), without.exporter(t, hashing(ByTrace))} {
		if _, err := e.Export(t.Context(), spans(100)); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := owners(t, s), owners(t, without); !maps.Equal(got, want) || len(got) != 100 {
		t.Errorf("%d traces are not where they would be without the instance", len(got))
	}
}

// divided returns the error as one.
func divided(t *testing.T, err error) *pipeline.DividedError {
	t.Helper()
	d, ok := errors.AsType[*pipeline.DividedError](err)
	if !ok {
		t.Fatalf("%v", err)
	}
	return d
}

// once answers the first request, and refuses all others.
func once(answer func(context.Context, *pipeline.Batch) (pipeline.Partial, error)) func(context.Context, *pipeline.Batch) (pipeline.Partial, error) {
	var mu sync.Mutex
	n := 0
	return func(ctx context.Context, b *pipeline.Batch) (pipeline.Partial, error) {
		mu.Lock()
		defer mu.Unlock()
		switch n++; {
		case n > 1:
			return refuses(ctx, b)
		case answer == nil:
			return pipeline.Partial{}, nil
		}
		return answer(ctx, b)
	}
}

// The parts of a batch that instances have taken are not sent again, nor those that
// they refuse; what may come again is left.
func TestTellsWhatIsLeft(t *testing.T) {
	s := newService(letters(8)...)
	e := s.exporter(t, hashing(ByTrace))
	s.all(refuses)
	s.at("a:1", func(b *backend) { b.answer = once(nil) })
	s.at("b:1", func(b *backend) { b.answer = once(rejects) })
	_, err := e.Export(t.Context(), spans(300))
	d := divided(t, err)
	defer d.Rest.Free()
	settled, rejected := 0, 0
	for _, part := range d.Settled {
		settled += part.Items
		if part.Err != nil {
			rejected += part.Items
		}
	}
	items := 0
	s.at("a:1", func(b *backend) { items = b.items })
	if pauseOf(t, d.Err) != 0 || settled+d.Rest.Items != 300 || settled-rejected != items || rejected == 0 || d.Rest.Items == 0 {
		t.Errorf("%d settled, %d of them rejected, %d taken, %d left", settled, rejected, items, d.Rest.Items)
	}
	if r, err := wire.Scan(wire.Traces, d.Rest.Encoded().Materialize()); err != nil || r.Items != d.Rest.Items || d.Rest.Bytes != d.Rest.Encoded().Len() {
		t.Errorf("the rest has %d items, and says %d: %v", r.Items, d.Rest.Items, err)
	}
}

func TestNothingTakenIsNoDivision(t *testing.T) {
	s := newService(letters(3)...)
	e := s.exporter(t, hashing(ByTrace))
	s.all(refuses)
	_, err := e.Export(t.Context(), spans(100))
	if _, ok := errors.AsType[*pipeline.DividedError](err); ok {
		t.Error("nothing was taken, and the batch is divided")
	}
	if pauseOf(t, err) != 0 {
		t.Error("nobody has asked to wait")
	}
}

func TestPartialSuccessesAddUp(t *testing.T) {
	s := newService(letters(4)...)
	e := s.exporter(t, hashing(ByTrace))
	s.all(func(context.Context, *pipeline.Batch) (pipeline.Partial, error) {
		return pipeline.Partial{Rejected: 2, Message: "too old"}, nil
	})
	partial, err := e.Export(t.Context(), spans(100))
	if err != nil || partial != (pipeline.Partial{Rejected: 8, Message: "too old"}) {
		t.Errorf("%+v, %v", partial, err)
	}
}

// flaky is a service of which every answer is one of those that there are, in turn.
func flaky(s *service) {
	var mu sync.Mutex
	n := 0
	s.all(func(ctx context.Context, b *pipeline.Batch) (pipeline.Partial, error) {
		mu.Lock()
		n++
		turn := n % 7
		mu.Unlock()
		switch turn {
		case 1, 3, 4:
			return refuses(ctx, b)
		case 2:
			return rejects(ctx, b)
		case 5:
			return pipeline.Partial{Rejected: 1, Message: "too old"}, nil
		case 6:
			return pipeline.Partial{}, errors.New("this is no OTLP")
		}
		return pipeline.Partial{}, nil
	})
}

// Whatever the instances answer, each item is accounted for once, and none arrives
// twice.
func TestTheBooksBalance(t *testing.T) {
	for _, change := range []func(*Config){nil, hashing(ByTrace)} {
		s := newService(letters(5)...)
		flaky(s)
		e := s.exporter(t, change)
		settings := pipeline.Settings{Queue: pipeline.DefaultQueueConfig(), Retry: pipeline.DefaultRetryConfig()}
		settings.Retry.InitialInterval, settings.Retry.MaxInterval = time.Millisecond, time.Millisecond
		rig := exporttest.Start(t, e, settings, s.pool)
		const batches, size = 30, 100
		for range batches {
			rig.Send(wire.Traces, otlptest.Traces(size), size)
		}
		books := rig.Settled(wire.Traces)
		s.mu.Lock()
		arrived := 0
		for _, b := range s.backends {
			arrived += b.items
		}
		s.mu.Unlock()
		if books.Accepted != batches*size || books.Unexplained() != 0 || books.Rejected == 0 || books.Dropped["export_failed"] == 0 {
			t.Errorf("%+v", books)
		}
		// Of what arrived, single items were rejected with it.
		if int64(arrived) < books.Exported || int64(arrived)+books.Dropped["export_failed"] > batches*size {
			t.Errorf("%d items arrived, the books say %+v", arrived, books)
		}
	}
}

// With five instances of which one dies and comes back, nothing is lost or sent twice.
func TestAnInstanceDies(t *testing.T) {
	for _, change := range []func(*Config){nil, hashing(ByTrace)} {
		s := newService(letters(5)...)
		e := s.exporter(t, change)
		settings := pipeline.Settings{Queue: pipeline.DefaultQueueConfig(), Retry: pipeline.DefaultRetryConfig()}
		rig := exporttest.Start(t, e, settings, s.pool)
		const rounds, size = 20, 50
		for i := range rounds {
			switch i {
			case 5:
				s.at("c:1", func(b *backend) { b.answer = refuses })
			case 15:
				s.at("c:1", func(b *backend) { b.answer = nil })
			}
			rig.Send(wire.Traces, otlptest.Traces(size), size)
		}
		books := rig.Settled(wire.Traces)
		if books.Exported != rounds*size || books.Lost() != 0 {
			t.Errorf("%+v", books)
		}
		s.mu.Lock()
		arrived := 0
		for _, b := range s.backends {
			arrived += b.items
		}
		s.mu.Unlock()
		if arrived != rounds*size {
			t.Errorf("%d items arrived, want %d", arrived, rounds*size)
		}
	}
}
