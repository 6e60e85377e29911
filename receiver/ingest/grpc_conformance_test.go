package ingest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/receiver/internal/compression"
	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// sample returns a request of the signal with n items.
func sample(sig wire.Signal, n int) []byte {
	switch sig {
	case wire.Traces:
		return otlptest.Encode(otlptest.Traces(n))
	case wire.Metrics:
		return otlptest.Encode(otlptest.Metrics(n))
	case wire.Logs:
		return otlptest.Encode(otlptest.Logs(n))
	}
	// resource_profiles > scope_profiles > profiles with a profile_id each; no
	// Go types are published for them.
	var scope []byte
	for i := range n {
		id := otlptest.ID(16, uint64(i+1))
		scope = append(scope, field(2, field(7, id))...)
	}
	return field(1, field(2, scope))
}

// field returns a protobuf field of bytes.
func field(number byte, content []byte) []byte {
	return append(binary.AppendUvarint([]byte{number<<3 | 2}, uint64(len(content))), content...)
}

func stable() []wire.Signal { return []wire.Signal{wire.Traces, wire.Metrics, wire.Logs} }

func TestR1_ExportSucceedsForStableSignals(t *testing.T) {
	var c GRPCConfig
	c.SetDefaults()
	if c.Endpoint != "0.0.0.0:4317" {
		t.Errorf("the default endpoint is %s", c.Endpoint)
	}
	r := newRig(t, setup{})
	for _, sig := range stable() {
		want := sample(sig, 10)
		r.export(sig, want)
		got := r.backend.take()
		if len(got) != 1 || got[0].Signal != sig || got[0].Items != 10 || !bytes.Equal(got[0].Data.ReadOnlyData(), want) {
			t.Errorf("%s: the exporter got %d requests", sig, len(got))
		}
	}
}

func TestR1_ProfilesAreServedOnlyWhenEnabled(t *testing.T) {
	off, on := newRig(t, setup{}), newRig(t, setup{signals: []wire.Signal{wire.Profiles}})
	if _, err := off.call(wire.Profiles, compression.None, sample(wire.Profiles, 2)); status.Code(err) != codes.Unimplemented {
		t.Errorf("profiles without a pipeline: %v", err)
	}
	on.export(wire.Profiles, sample(wire.Profiles, 2))
	if got := on.backend.take(); len(got) != 1 || got[0].Items != 2 {
		t.Errorf("profiles with a pipeline: %+v", got)
	}
	if _, err := on.call(wire.Traces, compression.None, sample(wire.Traces, 1)); status.Code(err) != codes.Unimplemented {
		t.Errorf("traces without a pipeline: %v", err)
	}
	err := on.dial().Invoke(t.Context(), "/opentelemetry.proto.collector.trace.v1.TraceService/Import", []byte(nil), new([]byte))
	if status.Code(err) != codes.Unimplemented {
		t.Errorf("unknown method: %v", err)
	}
}

func TestR2_IdentityGzipAndZstdAreAccepted(t *testing.T) {
	r := newRig(t, setup{})
	want := sample(wire.Traces, 100)
	f := func(a compression.Algorithm, message []byte) {
		t.Helper()
		if b, err := r.call(wire.Traces, a, message); err != nil || len(b) != 0 {
			t.Fatalf("%s: %x, %v", a, b, err)
		}
		if got := r.backend.take(); len(got) != 1 || !bytes.Equal(got[0].Data.ReadOnlyData(), want) {
			t.Errorf("%s: the exporter got something else", a)
		}
	}
	f(compression.None, want)
	f(compression.Gzip, gzipped(t, want))
	f(compression.Gzip, gzipped(t, want[:1000], nil, want[1000:]))
	f(compression.Zstd, zstded(t, want))
	f(compression.Zstd, append(zstded(t, want[:1000]), zstded(t, want[1000:])...))
}

func TestR3_SizeLimitHoldsBeforeAndAfterDecompression(t *testing.T) {
	var c GRPCConfig
	c.SetDefaults()
	if c.limit() != 64<<20 || new(GRPCConfig).limit() != 64<<20 {
		t.Errorf("the default limit is %d", c.limit())
	}
	r := newRig(t, setup{config: func(c *Config) { c.Protocols.GRPC.MaxRecvMsgSizeMiB = 1 }})
	// A log record whose body fills the request up to exactly the given size.
	message := func(size int) []byte {
		fill := size
		for {
			m := otlptest.Logs(1)
			m.ResourceLogs[0].ScopeLogs[0].LogRecords[0].Body = &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: strings.Repeat("x", fill)}}
			b := otlptest.Encode(m)
			if len(b) == size {
				return b
			}
			fill -= len(b) - size
		}
	}
	f := func(a compression.Algorithm, m []byte, want codes.Code) {
		t.Helper()
		_, err := r.call(wire.Logs, a, m)
		if status.Code(err) != want {
			t.Errorf("%d bytes, %s: %v", len(m), a, err)
		}
		if _, _, retry := details(status.Convert(err).Proto()); retry != 0 {
			t.Errorf("%d bytes, %s: RetryInfo on what can never succeed", len(m), a)
		}
	}
	fits, over := message(1<<20), message(1<<20+1)
	f(compression.None, fits, codes.OK)
	f(compression.None, over, codes.ResourceExhausted)
	f(compression.Gzip, gzipped(t, fits), codes.OK)
	f(compression.Gzip, gzipped(t, over), codes.ResourceExhausted)
	f(compression.Zstd, zstded(t, fits), codes.OK)
	f(compression.Zstd, zstded(t, over), codes.ResourceExhausted)
	f(compression.Gzip, make([]byte, 1<<20+1), codes.ResourceExhausted)
}

func TestR4_EmptyRequestIsOKAndGoesNowhere(t *testing.T) {
	r := newRig(t, setup{})
	envelope := otlptest.Encode(&coltrace.ExportTraceServiceRequest{ResourceSpans: []*trace.ResourceSpans{{
		Resource: otlptest.Resource(), ScopeSpans: []*trace.ScopeSpans{{}},
	}}})
	for _, message := range [][]byte{nil, {1<<3 | 2, 0}, envelope} {
		r.export(wire.Traces, message)
		a := r.post("/v1/traces", protobufType, message)
		if a.code != 200 || len(a.body) != 0 {
			t.Errorf("%x over HTTP: %d %q", message, a.code, a.body)
		}
	}
	if b, err := r.call(wire.Traces, compression.Gzip, gzipped(t, nil)); err != nil || len(b) != 0 {
		t.Errorf("empty in gzip: %x, %v", b, err)
	}
	if a := r.post("/v1/traces", jsonType, []byte(" {}\n")); a.code != 200 || string(a.body) != "{}" {
		t.Errorf("{}: %d %q", a.code, a.body)
	}
	if got := r.backend.take(); len(got) != 0 {
		t.Errorf("the exporter got %d empty requests", len(got))
	}
}

func TestR5_FullSuccessLeavesPartialSuccessUnset(t *testing.T) {
	r := newRig(t, setup{})
	for _, sig := range stable() {
		r.export(sig, sample(sig, 3)) // fails on a response that is not empty
		a := r.post(sig.Path(), protobufType, sample(sig, 3))
		if a.code != 200 || len(a.body) != 0 || a.header.Get("Content-Length") != "0" {
			t.Errorf("%s: %d %x", sig, a.code, a.body)
		}
	}
	a := r.post("/v1/logs", jsonType, []byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":9}]}]}]}`))
	if a.code != 200 || string(a.body) != "{}" {
		t.Errorf("JSON: %d %q", a.code, a.body)
	}
	if got := r.backend.take(); len(got) != 7 {
		t.Errorf("the exporter got %d requests", len(got))
	}
}

// spoilt returns a trace request of n spans, the first few of which are invalid.
func spoilt(n, invalid int) []byte {
	m := otlptest.Traces(n)
	for i, s := range m.ResourceSpans[0].ScopeSpans[0].Spans[:invalid] {
		switch i % 3 {
		case 0:
			s.TraceId = nil
		case 1:
			s.SpanId = make([]byte, 8)
		default:
			s.TraceId = s.TraceId[:15]
		}
	}
	return otlptest.Encode(m)
}

func TestR6_PartialSuccessCountsExactly(t *testing.T) {
	r := newRig(t, setup{})
	f := func(n, invalid int) {
		t.Helper()
		want := otlptest.Traces(n)
		spans := want.ResourceSpans[0].ScopeSpans[0]
		spans.Spans = spans.Spans[invalid:]
		for _, a := range []compression.Algorithm{compression.None, compression.Gzip} {
			message := spoilt(n, invalid)
			if a == compression.Gzip {
				message = gzipped(t, message)
			}
			b, err := r.call(wire.Traces, a, message)
			var response coltrace.ExportTraceServiceResponse
			if err != nil || proto.Unmarshal(b, &response) != nil {
				t.Fatalf("%d of %d invalid: %x, %v", invalid, n, b, err)
			}
			p := response.GetPartialSuccess()
			if p.GetRejectedSpans() != int64(invalid) || !strings.Contains(p.GetErrorMessage(), "spans were rejected: trace_id") {
				t.Errorf("%d of %d invalid: %v", invalid, n, p)
			}
			got := r.backend.take()
			if invalid == n {
				if len(got) != 0 {
					t.Errorf("nothing was valid, but the exporter got %d requests", len(got))
				}
				continue
			}
			if len(got) != 1 || got[0].Items != n-invalid || got[0].Gzip != nil || !bytes.Equal(got[0].Data.ReadOnlyData(), otlptest.Encode(want)) {
				t.Errorf("%d of %d invalid: the exporter got %d requests", invalid, n, len(got))
			}
		}
	}
	f(10, 1)
	f(100, 37)
	f(3, 3)
}

// A backend's partial success reaches the client, on top of what was rejected here.
func TestR6_BackendsPartialSuccessReachesTheClient(t *testing.T) {
	r := newRig(t, setup{})
	r.backend.script(func(context.Context, *pipeline.Batch) (pipeline.Partial, error) {
		return pipeline.Partial{Rejected: 2, Message: "two are too old"}, nil
	})
	b, err := r.call(wire.Traces, compression.None, spoilt(10, 3))
	var response coltrace.ExportTraceServiceResponse
	if err != nil || proto.Unmarshal(b, &response) != nil {
		t.Fatal(err)
	}
	p := response.GetPartialSuccess()
	if p.GetRejectedSpans() != 5 || !strings.Contains(p.GetErrorMessage(), "3 of 10 spans") || !strings.Contains(p.GetErrorMessage(), "two are too old") {
		t.Errorf("%v", p)
	}
	s := r.server.State()[0].Signals[wire.Traces]
	if s.Requests != 1 || s.Items != 5 || s.Rejected != 5 {
		t.Errorf("counted %+v", s)
	}
}

func TestR6_EverySignalHasItsOwnCount(t *testing.T) {
	f := func(sig wire.Signal, want string) {
		t.Helper()
		if got := string((&result{rejected: 3, message: `"why"`}).json(sig)); got != want {
			t.Errorf("%s", got)
		}
	}
	f(wire.Traces, `{"partialSuccess":{"rejectedSpans":"3","errorMessage":"\"why\""}}`)
	f(wire.Metrics, `{"partialSuccess":{"rejectedDataPoints":"3","errorMessage":"\"why\""}}`)
	f(wire.Logs, `{"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"\"why\""}}`)
	f(wire.Profiles, `{"partialSuccess":{"rejectedProfiles":"3","errorMessage":"\"why\""}}`)
}

func TestR7_WarningRejectsNothing(t *testing.T) {
	r := newRig(t, setup{})
	m := otlptest.Logs(5)
	for _, record := range m.ResourceLogs[0].ScopeLogs[0].LogRecords[:2] {
		record.TraceId = record.TraceId[:8] // to be read as absent
	}
	b, err := r.call(wire.Logs, compression.None, otlptest.Encode(m))
	var response collogs.ExportLogsServiceResponse
	if err != nil || proto.Unmarshal(b, &response) != nil {
		t.Fatalf("%x, %v", b, err)
	}
	if p := response.GetPartialSuccess(); p.GetRejectedLogRecords() != 0 || !strings.Contains(p.GetErrorMessage(), "read as absent (2 times)") {
		t.Errorf("%v", p)
	}
	a := r.post("/v1/logs", jsonType, []byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"5b"}]}]}]}`))
	if want := `{"partialSuccess":{"errorMessage":"`; a.code != 200 || !strings.HasPrefix(string(a.body), want) {
		t.Errorf("JSON: %d %s", a.code, a.body)
	}
	if got := r.backend.take(); len(got) != 2 || got[0].Items != 5 {
		t.Errorf("the exporter got %d requests", len(got))
	}
}

func TestR8_OverloadIsUnavailableWithAPositiveDelay(t *testing.T) {
	f := func(name string, r *rig, wait time.Duration) {
		t.Helper()
		_, err := r.call(wire.Traces, compression.None, sample(wire.Traces, 100))
		if status.Code(err) != codes.Unavailable {
			t.Fatalf("%s: %v", name, err)
		}
		if _, _, retry := details(status.Convert(err).Proto()); retry != wait {
			t.Errorf("%s: retry in %s, want %s", name, retry, wait)
		}
		if s := r.server.State()[0].Signals[wire.Traces]; s.Refused["overload"]+s.Refused["backend_unavailable"] != 1 {
			t.Errorf("%s: counted %v", name, s.Refused)
		}
	}
	tight := newRig(t, setup{})
	tight.budget.used.Add(tight.budget.capacity - 1000)
	defer tight.budget.used.Add(1000 - tight.budget.capacity)
	f("bytes in flight", tight, retryAfterFull)
	f("a queue that is full", fullRig(t), time.Second)
	verdict := func(err error) *rig {
		r := newRig(t, setup{})
		r.backend.script(func(context.Context, *pipeline.Batch) (pipeline.Partial, error) { return pipeline.Partial{}, err })
		return r
	}
	f("a backend that says when", verdict(&pipeline.RetryableError{Err: errors.New("busy"), After: 1500 * time.Millisecond}), 1500*time.Millisecond)
	f("a backend that does not", verdict(&pipeline.RetryableError{Err: errors.New("busy")}), 0)
}

// fullRig returns a rig whose exporter's queue is full.
func fullRig(t *testing.T) *rig {
	t.Helper()
	block := make(chan struct{})
	r := newRig(t, setup{settings: func(s *pipeline.Settings) {
		s.Queue.Enabled, s.Queue.QueueSize, s.Queue.NumConsumers = true, 1, 1
	}})
	t.Cleanup(func() { close(block) })
	r.backend.script(func(context.Context, *pipeline.Batch) (pipeline.Partial, error) {
		<-block
		return pipeline.Partial{}, nil
	})
	r.export(wire.Traces, sample(wire.Traces, 1))
	return r
}

func TestR9_BadDataIsInvalidArgumentWithDetails(t *testing.T) {
	r := newRig(t, setup{})
	good := sample(wire.Traces, 3)
	f := func(a compression.Algorithm, message []byte, wantField string) {
		t.Helper()
		_, err := r.call(wire.Traces, a, message)
		if status.Code(err) != codes.InvalidArgument {
			t.Errorf("%.20x…: %v", message, err)
		}
		if field, problem, _ := details(status.Convert(err).Proto()); field != wantField || (problem == "") != (a != compression.None) {
			t.Errorf("%.20x…: field %q, problem %q", message, field, problem)
		}
	}
	f(compression.None, good[:len(good)-1], "resourceSpans[0]")
	f(compression.None, []byte{1<<3 | 2, 5, 2<<3 | 2, 3, 2<<3 | 2, 1, 0xff}, "resourceSpans[0].scopeSpans[0].spans[0]")
	f(compression.None, []byte("GET / HTTP/1.1"), "field 8")
	f(compression.Gzip, gzipped(t, good)[:100], "")
	f(compression.Gzip, good, "")
	f(compression.Zstd, zstded(t, good)[:100], "")
	f(compression.Zstd, gzipped(t, good), "")
	if got := r.backend.take(); len(got) != 0 {
		t.Errorf("the exporter got %d of them", len(got))
	}
}

func TestR10_ResponsesStaySmall(t *testing.T) {
	const least = 4 << 10 // far below 4 MiB, whatever a backend has to say
	long := strings.Repeat("no \xff€", 2<<20)
	r := newRig(t, setup{})
	r.backend.script(func(_ context.Context, b *pipeline.Batch) (pipeline.Partial, error) {
		if b.Items == 1 {
			return pipeline.Partial{}, &pipeline.RejectedError{Err: errors.New(long)}
		}
		return pipeline.Partial{Rejected: 1, Message: long}, nil
	})
	b, err := r.call(wire.Traces, compression.None, sample(wire.Traces, 2))
	if err != nil || len(b) > least || len(b) < maxMessage {
		t.Errorf("partial success: %d bytes, %v", len(b), err)
	}
	_, err = r.call(wire.Traces, compression.None, sample(wire.Traces, 1))
	if status.Code(err) != codes.FailedPrecondition || len(err.Error()) > least {
		t.Errorf("refusal: %d bytes, %.100v", len(err.Error()), err)
	}
	for _, contentType := range []string{protobufType, jsonType} {
		if a := r.post("/v1/traces", contentType, oneSpan(contentType)); a.code != 400 || len(a.body) > least {
			t.Errorf("refusal over HTTP: %d, %d bytes", a.code, len(a.body))
		}
	}
}

// oneSpan returns a valid request of one span.
func oneSpan(contentType string) []byte {
	if contentType == jsonType {
		return []byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"x"}]}]}]}`)
	}
	return sample(wire.Traces, 1)
}

func TestR11_CallsOnOneConnectionProgressIndependently(t *testing.T) {
	r := newRig(t, setup{})
	stuck, release := make(chan struct{}), make(chan struct{})
	r.backend.script(func(_ context.Context, b *pipeline.Batch) (pipeline.Partial, error) {
		if b.Signal == wire.Logs {
			close(stuck)
			<-release
		}
		return pipeline.Partial{}, nil
	})
	r.dial()
	slow := make(chan error, 1)
	go func() {
		_, err := r.call(wire.Logs, compression.None, sample(wire.Logs, 1))
		slow <- err
	}()
	<-stuck
	for range 10 {
		r.export(wire.Traces, sample(wire.Traces, 100))
	}
	if n := r.server.State()[0].Connections; n != 1 {
		t.Errorf("%d connections", n)
	}
	close(release)
	if err := <-slow; err != nil {
		t.Error(err)
	}
}

func TestR12_UnknownFieldsAndAllValuesPassUntouched(t *testing.T) {
	value := func(v any) *common.KeyValue {
		a := &common.AnyValue{}
		switch v := v.(type) {
		case string:
			a.Value = &common.AnyValue_StringValue{StringValue: v}
		case bool:
			a.Value = &common.AnyValue_BoolValue{BoolValue: v}
		case int64:
			a.Value = &common.AnyValue_IntValue{IntValue: v}
		case float64:
			a.Value = &common.AnyValue_DoubleValue{DoubleValue: v}
		case []byte:
			a.Value = &common.AnyValue_BytesValue{BytesValue: v}
		case []*common.AnyValue:
			a.Value = &common.AnyValue_ArrayValue{ArrayValue: &common.ArrayValue{Values: v}}
		case []*common.KeyValue:
			a.Value = &common.AnyValue_KvlistValue{KvlistValue: &common.KeyValueList{Values: v}}
		}
		return &common.KeyValue{Key: "k", Value: a}
	}
	m := otlptest.Traces(1)
	span := m.ResourceSpans[0].ScopeSpans[0].Spans[0]
	span.Attributes = []*common.KeyValue{
		value(nil), value(""), value("text"), value(true), value(int64(-1)), value(1.5), value([]byte(nil)), value([]byte{0xff}),
		value([]*common.AnyValue{{}, value("x").Value, value([]*common.AnyValue{}).Value}),
		value([]*common.KeyValue{value([]*common.KeyValue{value("deep")}), {Key: "no value"}}),
		{},
	}
	message := otlptest.Encode(m)
	message = append(message, 0xfa, 0x7f, 3, 'n', 'e', 'w') // field 2047, a string
	message = append(message, 0x78, 1)                      // field 15, a varint
	message = append(message, 0x7b, 0x08, 1, 0x7c)          // field 15, a group
	r := newRig(t, setup{})
	r.export(wire.Traces, message)
	if a := r.post("/v1/traces", protobufType, message); a.code != 200 || len(a.body) != 0 {
		t.Errorf("HTTP: %d %q", a.code, a.body)
	}
	for _, got := range r.backend.take() {
		if !bytes.Equal(got.Data.ReadOnlyData(), message) {
			t.Error("the request was changed")
		}
	}
}

// The generated client of the OpenTelemetry project is served like our own.
func TestGeneratedClient(t *testing.T) {
	r := newRig(t, setup{})
	conn := plainConn(t, r)
	response, err := coltrace.NewTraceServiceClient(conn).Export(t.Context(), otlptest.Traces(10), grpc.UseCompressor("gzip"))
	if err != nil || response.GetPartialSuccess() != nil {
		t.Fatalf("%v, %v", response, err)
	}
	bad := otlptest.Traces(10)
	bad.ResourceSpans[0].ScopeSpans[0].Spans[3].SpanId = nil
	response, err = coltrace.NewTraceServiceClient(conn).Export(t.Context(), bad, grpc.UseCompressor("gzip"))
	if err != nil || response.GetPartialSuccess().GetRejectedSpans() != 1 {
		t.Fatalf("%v, %v", response, err)
	}
}
