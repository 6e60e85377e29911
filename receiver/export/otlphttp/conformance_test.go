package otlphttp

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/otlpctl/otlpctl/receiver/export/internal/exporttest"
	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// The lines of OTLP's conformance list that a single attempt decides. Those
// about queues, retries and time are in conformance_flow_test.go.

// say answers every request with a status, headers (name, value, …) and a body.
func say(status int, body string, header ...string) answer {
	return func(w http.ResponseWriter, _ int, _ *call) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// verdict makes one attempt against a backend that answers so.
func verdict(t *testing.T, a answer) error {
	t.Helper()
	b := start(t, a)
	e, _ := b.exporter(b.config())
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

// statusBody returns a google.rpc.Status with RetryInfo, in both encodings.
func statusBody(t testing.TB, message string, delay time.Duration) (encoded, text string) {
	t.Helper()
	info, err := anypb.New(&errdetails.RetryInfo{RetryDelay: durationpb.New(delay)})
	if err != nil {
		t.Fatal(err)
	}
	s := &spb.Status{Code: 14, Message: message, Details: []*anypb.Any{info}}
	b, err := proto.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	j, err := protojson.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b), string(j)
}

// What a backend refuses is counted by what it minds.
func TestRefusalsHaveReasons(t *testing.T) {
	f := func(want pipeline.Refusal, statuses ...int) {
		t.Helper()
		for _, status := range statuses {
			if r, ok := errors.AsType[*pipeline.RejectedError](verdict(t, say(status, ""))); !ok || r.Reason != want {
				t.Errorf("%d: %+v, want %s", status, r, want)
			}
		}
	}
	f(pipeline.RefusedInvalid, http.StatusBadRequest, http.StatusUnprocessableEntity)
	f(pipeline.RefusedTooLarge, http.StatusRequestEntityTooLarge)
	f(pipeline.RefusedUnauthorized, http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired)
	f(pipeline.RefusedUnsupported, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusUnsupportedMediaType, http.StatusNotImplemented)
	f(pipeline.RefusedOther, http.StatusInternalServerError, http.StatusConflict)
}

func TestE4_RetriesExactlyTheseStatuses(t *testing.T) {
	f := func(status int, want bool) {
		t.Helper()
		err := verdict(t, say(status, ""))
		if after, ok := retryable(err); ok != want || after != 0 || rejected(err) == want {
			t.Errorf("%d: %#v", status, err)
		}
		var s *StatusError
		if !errors.As(err, &s) || s.Code != status || !strings.Contains(err.Error(), fmt.Sprintf("/v1/traces: HTTP %d", status)) {
			t.Errorf("%d reads %q", status, err)
		}
	}
	for status := 400; status < 600; status++ {
		f(status, status == 429 || status == 502 || status == 503 || status == 504)
	}
	f(http.StatusNotModified, false)
	for _, status := range []int{200, 202, 204} {
		if err := verdict(t, say(status, "")); err != nil {
			t.Errorf("%d: %v", status, err)
		}
	}
}

func TestE5_ReadsRetryAfterInBothForms(t *testing.T) {
	f := func(want time.Duration, header ...string) {
		t.Helper()
		for _, status := range []int{429, 502, 503, 504} {
			if after, ok := retryable(verdict(t, say(status, "", header...))); !ok || after != want {
				t.Errorf("%d %q: retryable %t, after %s", status, header, ok, after)
			}
		}
	}
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	f(0)
	f(7*time.Second, "Retry-After", "7")
	f(0, "Retry-After", "0")
	f(0, "Retry-After", "soon")
	f(0, "Retry-After", "-5")
	f(24*time.Hour, "Retry-After", "99999999999999999")
	f(90*time.Second, "Date", at.Format(http.TimeFormat), "Retry-After", at.Add(90*time.Second).Format(http.TimeFormat))
	f(90*time.Second, "Date", at.Format(http.TimeFormat), "Retry-After", at.Add(90*time.Second).Format("Monday, 02-Jan-06 15:04:05 GMT"))
	f(0, "Date", at.Format(http.TimeFormat), "Retry-After", at.Add(-time.Hour).Format(http.TimeFormat))
	if err := verdict(t, say(400, "", "Retry-After", "7")); !rejected(err) {
		t.Errorf("Retry-After made 400 retryable: %v", err)
	}
	// Without a Date the local clock counts.
	header := http.Header{"Retry-After": {time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)}}
	if got := retryAfter(header); got < 50*time.Second || got > time.Minute {
		t.Errorf("in a minute: %s", got)
	}
}

func TestE5_ReadsRetryInfoInBothEncodings(t *testing.T) {
	encoded, text := statusBody(t, "slow\ndown", 1500*time.Millisecond)
	f := func(body, contentType string) {
		t.Helper()
		err := verdict(t, say(503, body, "Content-Type", contentType))
		if after, ok := retryable(err); !ok || after != 1500*time.Millisecond || !strings.HasSuffix(err.Error(), "HTTP 503 Service Unavailable: slow down") {
			t.Errorf("%s: after %s, %v", contentType, after, err)
		}
		longer := verdict(t, say(503, body, "Content-Type", contentType, "Retry-After", "4"))
		if after, _ := retryable(longer); after != 4*time.Second {
			t.Errorf("%s: the shorter of two waits: %s", contentType, after)
		}
	}
	f(encoded, "application/x-protobuf")
	f(text, "application/json")
	f(text, "application/json; charset=utf-8")
}

func TestE7_PartialSuccessIsNeverRetried(t *testing.T) {
	f := func(want pipeline.Partial, contentType, body string) {
		t.Helper()
		b := start(t, say(200, body, "Content-Type", contentType))
		e, _ := b.exporter(b.config())
		if got, err := e.Export(t.Context(), batchOf(5)); err != nil || got != want {
			t.Errorf("%s %q: %+v, %v", contentType, body, got, err)
		}
	}
	some := pipeline.Partial{Rejected: 2, Message: "too old"}
	f(pipeline.Partial{}, contentProto, "")
	f(pipeline.Partial{}, contentProto, "\x0a\x00")
	f(some, contentProto, string(wire.AppendPartialSuccess(nil, 2, "too old")))
	f(pipeline.Partial{Message: "deprecated"}, contentProto, string(wire.AppendPartialSuccess(nil, 0, "deprecated")))
	f(pipeline.Partial{}, contentJSON, `{}`)
	f(pipeline.Partial{}, contentJSON, `{"partialSuccess":{}}`)
	f(pipeline.Partial{}, contentJSON, `{"partialSuccess":null}`)
	f(some, contentJSON, `{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}`)
	f(some, contentJSON, `{"partialSuccess":{"rejectedDataPoints":2,"errorMessage":"too old"}}`)
	f(some, contentJSON+";charset=utf-8", `{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"too old","unknown":[1]}}`)
	f(some, contentJSON, `{"partialSuccess":{"rejectedProfiles":"2","errorMessage":"too old"}}`)
	f(pipeline.Partial{}, "text/plain", "accepted")
	f(pipeline.Partial{}, "", "accepted")

	b := start(t, say(200, `{"partialSuccess":{"rejectedLogRecords":"3"}}`, "Content-Type", contentJSON))
	cfg := b.config()
	e, pool := b.exporter(cfg)
	rig := exporttest.Start(t, e, cfg.Settings(), pool)
	rig.Send(wire.Logs, otlptest.Logs(10), 10)
	if books := rig.Settled(wire.Logs); books.Rejected != 3 || books.Exported != 7 || len(b.received()) != 1 {
		t.Errorf("%+v after %d calls", books, len(b.received()))
	}
}

func TestE7_AnAnswerThatIsNoneIsRecorded(t *testing.T) {
	f := func(contentType, body string) {
		t.Helper()
		err := verdict(t, say(200, body, "Content-Type", contentType))
		if _, ok := retryable(err); err == nil || ok || rejected(err) {
			t.Errorf("%s %q: %#v", contentType, body, err)
		}
	}
	f(contentProto, "<html>")
	f(contentJSON, "<html>")
	f(contentJSON, `{"partialSuccess":{"rejectedSpans":"many"}}`)
}

func TestE8_LargeRequestsAreSplitOrNotSent(t *testing.T) {
	b := start(t, nil)
	cfg := b.config()
	e, pool := b.exporter(cfg)
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
	if books := rig.Settled(wire.Logs); books.Exported != 99 || books.Dropped["too_large"] != 1 {
		t.Errorf("%+v", books)
	}
	for _, c := range b.received() {
		if len(c.decoded) > 4<<10 {
			t.Errorf("sent %d bytes", len(c.decoded))
		}
	}
}

// JSON is several times as large: what is split leaves room for that, and what
// still comes out too large is not sent.
func TestE8_HoldsForJSON(t *testing.T) {
	b := start(t, nil)
	cfg := b.config()
	cfg.Encoding = "json"
	e, _ := b.exporter(cfg)
	e.pool = new(pipeline.Pool) // poisoning that much takes too long
	if s := cfg.Settings(); s.MaxRequestBytes != 8<<20 || s.Passthrough != pipeline.PassNone {
		t.Errorf("%+v", s)
	}
	request := otlptest.Logs(1)
	request.ResourceLogs[0].ScopeLogs[0].LogRecords[0].SeverityText = strings.Repeat("\x01", 12<<20) // \u0001 in JSON
	_, err := e.Export(t.Context(), exporttest.Batch(wire.Logs, 1, pipeline.Part{Data: mem.SliceBuffer(otlptest.Encode(request))}))
	if err == nil || !strings.Contains(err.Error(), "exceeds the 67108864 that OTLP allows") || len(b.received()) != 0 {
		t.Error(err)
	}
}

func TestE9_ResponseIsCapped(t *testing.T) {
	f := func(status, size int, coding string, fits bool) {
		t.Helper()
		body := wire.AppendPartialSuccess(nil, 0, strings.Repeat("m", size))
		header := []string{"Content-Type", contentProto}
		if coding != "" {
			var packed bytes.Buffer
			z := gzip.NewWriter(&packed)
			_, _ = z.Write(body)
			_ = z.Close()
			body, header = packed.Bytes(), append(header, "Content-Encoding", coding)
		}
		b := start(t, say(status, string(body), header...))
		cfg := b.config()
		e, pool := b.exporter(cfg)
		rig := exporttest.Start(t, e, cfg.Settings(), pool)
		rig.Send(wire.Logs, otlptest.Logs(5), 5)
		books := rig.Settled(wire.Logs)
		if fits && books.Exported != 5 || !fits && books.Dropped["export_failed"] != 5 || len(b.received()) != 1 {
			t.Errorf("%d, %d bytes %s: %+v after %d calls", status, size, coding, books, len(b.received()))
		}
		if failing := rig.Dest.State().Failing; !fits && !strings.HasSuffix(failing, "the response exceeds 4194304 bytes") {
			t.Errorf("%d, %d bytes %s: %q", status, size, coding, failing)
		}
	}
	const overhead = 10 // tags and lengths around the message
	f(200, 4<<20-overhead, "", true)
	f(200, 4<<20-overhead+1, "", false)
	f(200, 4<<20-overhead, "gzip", true)
	f(200, 30<<20, "gzip", false)
	f(503, 4<<20, "", false) // would be retried otherwise
}

func TestE13_CompressionIsDeclared(t *testing.T) {
	want := otlptest.Encode(otlptest.Traces(3))
	f := func(compression, encoding string, level int) {
		t.Helper()
		b := start(t, nil)
		cfg := b.config()
		cfg.Compression, cfg.Encoding, cfg.CompressionParams.Level = compression, encoding, level
		e, pool := b.exporter(cfg)
		if _, err := e.Export(t.Context(), batchOf(3)); err != nil {
			t.Fatal(err)
		}
		c := b.received()[0]
		coding := strings.Replace(compression, "none", "", 1)
		if c.header.Get("Content-Encoding") != coding || c.path != "/v1/traces" {
			t.Errorf("%s: %s %v", compression, c.path, c.header)
		}
		if encoding == "proto" && (c.header.Get("Content-Type") != "application/x-protobuf" || !bytes.Equal(c.decoded, want)) {
			t.Errorf("%s: %v", compression, c.header)
		}
		if encoding == "json" && (c.header.Get("Content-Type") != "application/json" || !strings.HasPrefix(string(c.decoded), `{"resourceSpans":[`)) {
			t.Errorf("%s: %v %.100s", compression, c.header, c.decoded)
		}
		pool.AllFreed(t)
	}
	for _, encoding := range []string{"proto", "json"} {
		f("", encoding, 0)
		f("none", encoding, 0)
		f("gzip", encoding, 0)
		f("gzip", encoding, 9)
		f("zstd", encoding, 3)
	}
}

func TestE13_ConnectionsAreReused(t *testing.T) {
	f := func(status int, body string, started func(*httptest.Server), proto string) {
		t.Helper()
		b, server := startTCP(t, say(status, body, "Content-Type", contentProto), started)
		cfg := b.config()
		cfg.TLS.CAPEM = caPEM(server)
		e, _ := b.exporter(cfg)
		for range 5 {
			if _, err := e.Export(t.Context(), batchOf(3)); err != nil && status == 200 {
				t.Fatal(err)
			}
		}
		for _, c := range b.received() {
			if c.from != b.received()[0].from || c.proto != proto {
				t.Errorf("%d: %s over %s", status, c.proto, c.from)
			}
		}
	}
	large := string(wire.AppendPartialSuccess(nil, 1, strings.Repeat("m", 300<<10)))
	http2 := func(s *httptest.Server) {
		s.EnableHTTP2 = true
		s.StartTLS()
	}
	f(200, "", (*httptest.Server).Start, "HTTP/1.1")
	f(200, large, (*httptest.Server).Start, "HTTP/1.1")
	f(503, large, (*httptest.Server).Start, "HTTP/1.1")
	f(200, large, http2, "HTTP/2.0")
	f(200, large, (*httptest.Server).StartTLS, "HTTP/1.1") // without HTTP/2 it falls back
}

func TestE14_NothingIsSentForNothing(t *testing.T) {
	b := start(t, nil)
	e, _ := b.exporter(b.config())
	if _, err := e.Export(t.Context(), exporttest.Batch(wire.Logs, 0, pipeline.Part{Data: mem.SliceBuffer("\x0a\x00")})); err != nil {
		t.Error(err)
	}
	if n := len(b.received()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// Whatever the schema of the day does not know, and what it knows but few set.
// JSON has no names for unknown fields and leaves them out.
func TestE15_ForwardsEveryByte(t *testing.T) {
	request := otlptest.Traces(2)
	span := request.ResourceSpans[0].ScopeSpans[0].Spans[0]
	span.Flags = 0xffffff01
	span.DroppedAttributesCount, span.DroppedEventsCount, span.DroppedLinksCount = 1, 2, 3
	known := otlptest.Encode(request)
	encoded := append(bytes.Clone(known), 0xfa, 0x3e, 3, 'n', 'e', 'w') // unknown field 1007
	for _, encoding := range []string{"proto", "json"} {
		b := start(t, nil)
		cfg := b.config()
		cfg.Encoding = encoding
		e, pool := b.exporter(cfg)
		rig := exporttest.Start(t, e, cfg.Settings(), pool)
		if _, err := rig.Offer(wire.Traces, encoded, nil, 2); err != nil {
			t.Fatal(err)
		}
		rig.Settled(wire.Traces)
		got := b.received()[0].decoded
		if encoding == "proto" && !bytes.Equal(got, encoded) {
			t.Error("other bytes arrived")
		}
		if encoding == "json" {
			for _, part := range []string{`"flags":4294967041`, `"droppedLinksCount":3`, `"schemaUrl":"https`} {
				if !strings.Contains(string(got), part) {
					t.Errorf("%s is missing in %s", part, got)
				}
			}
		}
	}
}

// A batch of several requests is one JSON document.
func TestJoinsRequestsInJSON(t *testing.T) {
	b := start(t, nil)
	cfg := b.config()
	cfg.Encoding = "json"
	e, pool := b.exporter(cfg)
	one, two := otlptest.Encode(otlptest.Traces(1)), otlptest.Encode(otlptest.Traces(2))
	batch := exporttest.Batch(wire.Traces, 3, pipeline.Part{Data: pool.Buffer(one)}, pipeline.Part{Data: pool.Buffer(two)})
	if _, err := e.Export(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	for _, p := range batch.Parts {
		p.Data.Free()
	}
	pool.AllFreed(t)
	text := string(b.received()[0].decoded)
	if strings.Count(text, `"resourceSpans":`) != 1 || strings.Count(text, `"spanId":`) != 3 {
		t.Error(text)
	}
	// protojson is no judge of the ids, which OTLP writes in hex.
	if err := (protojson.UnmarshalOptions{}).Unmarshal([]byte(text), new(coltrace.ExportTraceServiceRequest)); err != nil {
		t.Error(err)
	}
}
