package otlp

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/otlpctl/otlpctl/receiver/export/internal/exporttest"
	"github.com/otlpctl/otlpctl/receiver/internal/buftest"
	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// The lines of OTLP's conformance list that a single attempt decides. Those
// about queues, retries and time are in conformance_flow_test.go.

// say answers every call with a status.
func say(s *status.Status) func(context.Context, int, *call) (proto.Message, error) {
	return func(context.Context, int, *call) (proto.Message, error) { return nil, s.Err() }
}

// withRetryInfo adds RetryInfo to a status.
func withRetryInfo(t testing.TB, code codes.Code, delay *durationpb.Duration) *status.Status {
	t.Helper()
	s, err := status.New(code, "slow down").WithDetails(&errdetails.BadRequest{}, &errdetails.RetryInfo{RetryDelay: delay})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func batchOf(n int) *pipeline.Batch {
	return exporttest.Batch(wire.Traces, n, pipeline.Part{Data: mem.SliceBuffer(otlptest.Encode(otlptest.Traces(n)))})
}

// verdict makes one attempt against a backend that answers with s.
func verdict(t *testing.T, s *status.Status) error {
	t.Helper()
	b := start(t, say(s))
	e, _ := b.exporter(t, b.config())
	_, err := e.Export(t.Context(), batchOf(1))
	return err
}

func retryable(err error) (after time.Duration, ok bool) {
	var r *pipeline.RetryableError
	if !errors.As(err, &r) {
		return 0, false
	}
	return r.After, true
}

func rejected(err error) bool {
	var r *pipeline.RejectedError
	return errors.As(err, &r)
}

func TestE1_RetriesExactlyTheseCodes(t *testing.T) {
	f := func(code codes.Code, want bool) {
		t.Helper()
		err := verdict(t, status.New(code, "because"))
		if after, ok := retryable(err); ok != want || after != 0 || rejected(err) == want {
			t.Errorf("%s: %#v", code, err)
		}
		if status.Code(err) != code || !strings.Contains(err.Error(), code.String()+": because") {
			t.Errorf("%s reads %q", code, err)
		}
	}
	f(codes.Canceled, true)
	f(codes.DeadlineExceeded, true)
	f(codes.Aborted, true)
	f(codes.OutOfRange, true)
	f(codes.Unavailable, true)
	f(codes.DataLoss, true)
	f(codes.Unknown, false)
	f(codes.InvalidArgument, false)
	f(codes.NotFound, false)
	f(codes.AlreadyExists, false)
	f(codes.PermissionDenied, false)
	f(codes.FailedPrecondition, false)
	f(codes.Unimplemented, false)
	f(codes.Internal, false)
	f(codes.Unauthenticated, false)
	f(codes.Code(42), false)
}

// What a backend refuses is counted by what it minds.
func TestRefusalsHaveReasons(t *testing.T) {
	f := func(code codes.Code, want pipeline.Refusal) {
		t.Helper()
		if r, ok := errors.AsType[*pipeline.RejectedError](verdict(t, status.New(code, "because"))); !ok || r.Reason != want {
			t.Errorf("%s: %+v, want %s", code, r, want)
		}
	}
	f(codes.InvalidArgument, pipeline.RefusedInvalid)
	f(codes.ResourceExhausted, pipeline.RefusedTooLarge)
	f(codes.Unauthenticated, pipeline.RefusedUnauthorized)
	f(codes.PermissionDenied, pipeline.RefusedUnauthorized)
	f(codes.Unimplemented, pipeline.RefusedUnsupported)
	f(codes.NotFound, pipeline.RefusedUnsupported)
	f(codes.Internal, pipeline.RefusedOther)
}

func TestE2_ResourceExhaustedNeedsRetryInfo(t *testing.T) {
	if err := verdict(t, status.New(codes.ResourceExhausted, "full")); !rejected(err) {
		t.Errorf("without RetryInfo: %#v", err)
	}
	f := func(delay *durationpb.Duration, want time.Duration) {
		t.Helper()
		if after, ok := retryable(verdict(t, withRetryInfo(t, codes.ResourceExhausted, delay))); !ok || after != want {
			t.Errorf("RetryInfo %v: retryable %t, after %s", delay, ok, after)
		}
	}
	f(durationpb.New(1500*time.Millisecond), 1500*time.Millisecond)
	f(nil, 0)
	f(durationpb.New(-time.Second), 0)
}

func TestE3_OtherCodesAreDroppedAndCounted(t *testing.T) {
	b := start(t, say(status.New(codes.InvalidArgument, "no")))
	e, pool := b.exporter(t, b.config())
	cfg := b.config()
	rig := exporttest.Start(t, e, cfg.Settings(), pool)
	rig.Send(wire.Logs, otlptest.Logs(7), 7)
	if books := rig.Settled(wire.Logs); books.Rejected != 7 || books.Exported != 0 {
		t.Errorf("%+v", books)
	}
	if n := len(b.received()); n != 1 {
		t.Errorf("sent %d times", n)
	}
}

func TestE5_ReadsRetryInfoOnEveryRetryableCode(t *testing.T) {
	for _, code := range []codes.Code{codes.Unavailable, codes.Aborted, codes.DataLoss} {
		if after, ok := retryable(verdict(t, withRetryInfo(t, code, durationpb.New(3*time.Second)))); !ok || after != 3*time.Second {
			t.Errorf("%s: retryable %t, after %s", code, ok, after)
		}
	}
	if err := verdict(t, withRetryInfo(t, codes.InvalidArgument, durationpb.New(time.Second))); !rejected(err) {
		t.Errorf("RetryInfo made INVALID_ARGUMENT retryable: %v", err)
	}
}

func TestE7_PartialSuccessIsNeverRetried(t *testing.T) {
	f := func(partial *coltrace.ExportTracePartialSuccess, want pipeline.Partial) {
		t.Helper()
		b := start(t, func(context.Context, int, *call) (proto.Message, error) {
			return &coltrace.ExportTraceServiceResponse{PartialSuccess: partial}, nil
		})
		for _, compression := range []string{"none", "gzip", "zstd"} { // the backend answers in kind
			cfg := b.config()
			cfg.Compression = compression
			e, _ := b.exporter(t, cfg)
			if got, err := e.Export(t.Context(), batchOf(2)); err != nil || got != want {
				t.Errorf("%s: %+v, %v", compression, got, err)
			}
		}
	}
	f(nil, pipeline.Partial{})
	f(&coltrace.ExportTracePartialSuccess{}, pipeline.Partial{})
	f(&coltrace.ExportTracePartialSuccess{RejectedSpans: 2, ErrorMessage: "too old"}, pipeline.Partial{Rejected: 2, Message: "too old"})
	f(&coltrace.ExportTracePartialSuccess{ErrorMessage: "deprecated attribute"}, pipeline.Partial{Message: "deprecated attribute"})

	b := start(t, func(context.Context, int, *call) (proto.Message, error) {
		return &collogs.ExportLogsServiceResponse{PartialSuccess: &collogs.ExportLogsPartialSuccess{RejectedLogRecords: 3, ErrorMessage: "too old"}}, nil
	})
	cfg := b.config()
	e, pool := b.exporter(t, cfg)
	rig := exporttest.Start(t, e, cfg.Settings(), pool)
	rig.Send(wire.Logs, otlptest.Logs(10), 10)
	if books := rig.Settled(wire.Logs); books.Rejected != 3 || books.Exported != 7 || len(b.received()) != 1 {
		t.Errorf("%+v after %d calls", books, len(b.received()))
	}
}

func TestE8_LargeRequestsAreSplitOrNotSent(t *testing.T) {
	b := start(t, nil)
	cfg := b.config()
	e, pool := b.exporter(t, cfg)
	large := batchOf(1)
	large.Bytes = 64<<20 + 1
	if _, err := e.Export(t.Context(), large); err == nil || rejected(err) || len(b.received()) != 0 {
		t.Errorf("64 MiB and a byte: %v", err)
	}
	settings := cfg.Settings()
	if settings.MaxRequestBytes != 64<<20 {
		t.Errorf("MaxRequestBytes is %d", settings.MaxRequestBytes)
	}
	settings.MaxRequestBytes = 4 << 10 // the rule is the same, and the test is quick
	rig := exporttest.Start(t, e, settings, pool)
	request := otlptest.Logs(100)
	request.ResourceLogs[0].ScopeLogs[0].LogRecords[50].SeverityText = strings.Repeat("x", 5<<10)
	rig.Send(wire.Logs, request, 100)
	books := rig.Settled(wire.Logs)
	if books.Exported != 99 || books.Dropped["too_large"] != 1 {
		t.Errorf("%+v", books)
	}
	calls := b.received()
	for _, c := range calls {
		if len(c.encoded) > 4<<10 {
			t.Errorf("sent %d bytes", len(c.encoded))
		}
	}
	if len(calls) < 5 {
		t.Errorf("sent in %d requests", len(calls))
	}
}

func TestE9_ResponseIsCapped(t *testing.T) {
	f := func(compression string, size int, fits bool) {
		t.Helper()
		b := start(t, func(context.Context, int, *call) (proto.Message, error) {
			return &collogs.ExportLogsServiceResponse{PartialSuccess: &collogs.ExportLogsPartialSuccess{ErrorMessage: strings.Repeat("m", size)}}, nil
		})
		cfg := b.config()
		cfg.Compression = compression
		e, _ := b.exporter(t, cfg)
		// A pool of its own: gRPC leaves what it does not read to the garbage collector.
		rig := exporttest.Start(t, e, cfg.Settings(), new(buftest.Pool))
		rig.Send(wire.Logs, otlptest.Logs(5), 5)
		books := rig.Settled(wire.Logs)
		if fits && books.Exported != 5 || !fits && books.Dropped["export_failed"] != 5 || len(b.received()) != 1 {
			t.Errorf("%s, %d bytes: %+v after %d calls", compression, size, books, len(b.received()))
		}
		if failing := rig.Dest.State().Failing; !fits && !strings.HasSuffix(failing, "the response exceeds 4194304 bytes") {
			t.Errorf("%s, %d bytes: %q", compression, size, failing)
		}
	}
	const overhead = 10 // tags and lengths around the message
	for _, compression := range []string{"none", "gzip", "zstd"} {
		f(compression, 4<<20-overhead, true)
		f(compression, 4<<20-overhead+1, false)
		f(compression, 20<<20, false)
	}
}

func TestE13_OneConnectionCarriesEverythingAndSaysHow(t *testing.T) {
	b := startTCP(t, nil)
	f := func(compression string) {
		t.Helper()
		cfg := b.config()
		cfg.Compression = compression
		e, _ := b.exporter(t, cfg)
		before := len(b.received())
		for range 5 {
			if _, err := e.Export(t.Context(), batchOf(3)); err != nil {
				t.Fatal(err)
			}
		}
		calls := b.received()[before:]
		for _, c := range calls {
			if c.from != calls[0].from {
				t.Errorf("%s: connections from %s and %s", compression, calls[0].from, c.from)
			}
			if want := strings.Replace(compression, "none", "identity", 1); c.encoding.String() != want {
				t.Errorf("%s: sent as %s", compression, c.encoding)
			}
			if !bytes.Equal(c.encoded, otlptest.Encode(otlptest.Traces(3))) {
				t.Errorf("%s: received something else", compression)
			}
		}
	}
	f("none")
	f("gzip")
	f("zstd")
}

func TestE14_NothingIsSentForNothing(t *testing.T) {
	b := start(t, nil)
	e, _ := b.exporter(t, b.config())
	for _, empty := range []*pipeline.Batch{
		exporttest.Batch(wire.Traces, 0),
		exporttest.Batch(wire.Logs, 0, pipeline.Part{Data: mem.SliceBuffer("\x0a\x00")}),
	} {
		if _, err := e.Export(t.Context(), empty); err != nil {
			t.Error(err)
		}
	}
	if n := len(b.received()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// Whatever the schema of the day does not know, and what it knows but few set.
func TestE15_ForwardsEveryByte(t *testing.T) {
	request := otlptest.Traces(2)
	span := request.ResourceSpans[0].ScopeSpans[0].Spans[0]
	span.Flags = 0xffffff01
	span.DroppedAttributesCount, span.DroppedEventsCount, span.DroppedLinksCount = 1, 2, 3
	encoded := otlptest.Encode(request)
	encoded = append(encoded, 0xfa, 0x3e, 3, 'n', 'e', 'w') // unknown field 1007
	for _, compression := range []string{"none", "gzip", "zstd"} {
		b := start(t, nil)
		cfg := b.config()
		cfg.Compression = compression
		e, pool := b.exporter(t, cfg)
		rig := exporttest.Start(t, e, cfg.Settings(), pool)
		if _, err := rig.Offer(wire.Traces, encoded, nil, 2); err != nil {
			t.Fatal(err)
		}
		rig.Settled(wire.Traces)
		calls := b.received()
		if len(calls) != 1 || !bytes.Equal(calls[0].encoded, encoded) {
			t.Fatalf("%s: %d requests, or other bytes", compression, len(calls))
		}
		got := calls[0].request.(*coltrace.ExportTraceServiceRequest)
		if got.ResourceSpans[0].ScopeSpans[0].Spans[0].Flags != 0xffffff01 || got.ResourceSpans[0].SchemaUrl == "" || len(got.ProtoReflect().GetUnknown()) == 0 {
			t.Errorf("%s: %v", compression, got)
		}
	}
}
